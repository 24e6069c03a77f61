/*
 * UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, nothing past
 * U+10FFFF. Pure.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the character at the start of s[len] and its code point; 0 if
 * there is none: the bytes are broken, cut off, or len is 0. */
size_t utf8_next(const char *s, size_t len, uint32_t *code);

/* C0, DEL and C1. */
bool utf8_is_control(uint32_t code);

/* Characters that reorder or break the line they stand in: bidirectional
 * overrides and isolates, the line and paragraph separators. */
bool utf8_is_deceptive(uint32_t code);

#endif
