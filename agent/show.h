/*
 * What the CLI shows of the agent's answers: tables and cards for people.
 * Colour only on a terminal, one line per thing, nothing that wraps badly.
 */
#ifndef AGENT_SHOW_H
#define AGENT_SHOW_H

#include <jansson.h>
#include <stdio.h>

void show_status(FILE *out, const json_t *status);
void show_incidents(FILE *out, const json_t *list);
void show_incident(FILE *out, const json_t *incident);
void show_deliveries(FILE *out, const json_t *list);
void show_silence(FILE *out, const json_t *silence);
void show_silences(FILE *out, const json_t *list);
void show_oncall(FILE *out, const json_t *rotations);
void show_proof(FILE *out, const json_t *delivery);

#endif
