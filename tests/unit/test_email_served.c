#include "alerting/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <stdio.h>

static void
attempt(struct email_served *served, const char *key, int first, int second)
{
	struct email_result s;

	memset(&s, 0, sizeof(s));
	email_served_choose(served, key, 2, &s);
	s.message.code = 250;
	for (size_t i = 0; i < s.count; i++)
		s.recipients[i].code = s.who[i] == 0 ? first : second;
	email_served_note(served, key, &s,
	    first == 250 && second == 250 ? RECEIPT_DELIVERED : RECEIPT_RETRY);
}

static size_t
left(const struct email_served *served, const char *key)
{
	struct email_result s;

	memset(&s, 0, sizeof(s));
	email_served_choose(served, key, 2, &s);
	return s.count;
}

static void
goes_on_with_those_who_lack_it(void **state)
{
	struct email_served *served = calloc(1, sizeof(*served));
	struct email_result s = {.count = 0};

	(void)state;
	attempt(served, "k", 250, 451);
	email_served_choose(served, "k", 2, &s);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.who[0], 1);
	assert_int_equal(left(served, "other"), 2);
	assert_int_equal(left(served, ""), 2);
	attempt(served, "k", 250, 250);
	assert_int_equal(
	    left(served, "k"), 2); /* asked for again by a person */
	free(served);
}

static void
serves_nobody_whose_mail_was_not_taken(void **state)
{
	struct email_served *served = calloc(1, sizeof(*served));
	struct email_result s = {.count = 2, .who = {0, 1}};

	(void)state;
	s.recipients[0].code = 250;
	s.message.code = 451;
	email_served_note(served, "k", &s, RECEIPT_RETRY);
	assert_int_equal(left(served, "k"), 2);
	free(served);
}

static void
forgets_the_oldest(void **state)
{
	struct email_served *served = calloc(1, sizeof(*served));
	char key[16];

	(void)state;
	for (int i = 0; i <= EMAIL_SERVED_MAX; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		attempt(served, key, 250, 451);
	}
	assert_int_equal(left(served, "k0"), 2);
	assert_int_equal(left(served, "k1"), 1);
	assert_int_equal(left(served, key), 1);
	free(served);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goes_on_with_those_who_lack_it),
	    cmocka_unit_test(serves_nobody_whose_mail_was_not_taken),
	    cmocka_unit_test(forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
