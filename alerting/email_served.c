#include "alerting/email.h"

#include "base/str.h"

static size_t
find(const struct email_served *served, const char *key)
{
	size_t i = 0;

	while (i < EMAIL_SERVED_MAX && !str_eq(served->entries[i].key, key))
		i++;
	return key[0] != '\0' ? i : EMAIL_SERVED_MAX;
}

void
email_served_choose(const struct email_served *served, const char *key,
    size_t to_count, struct email_result *result)
{
	size_t at = find(served, key);

	result->count = 0;
	for (size_t i = 0; i < to_count && i < EMAIL_RECIPIENTS_MAX; i++)
		if (at == EMAIL_SERVED_MAX || !served->entries[at].who[i])
			result->who[result->count++] = i;
}

void
email_served_note(struct email_served *served, const char *key,
    const struct email_result *result, enum receipt_status status)
{
	size_t at = find(served, key);

	if (status ==
	    RECEIPT_DELIVERED) { /* sent again only if a person asks */
		if (at < EMAIL_SERVED_MAX)
			served->entries[at].key[0] = '\0';
		return;
	}
	for (size_t i = 0; i < result->count; i++) {
		if (!email_is_served(result, i))
			continue;
		if (at == EMAIL_SERVED_MAX) {
			at = served->next++ % EMAIL_SERVED_MAX;
			served->entries[at] =
			    (struct email_served_entry){.key = ""};
			str_copy(served->entries[at].key,
			    sizeof(served->entries[at].key), key);
		}
		served->entries[at].who[result->who[i]] = true;
	}
}
