/*
 * The deciding half of the agent on a virtual clock: schedule, verdicts,
 * incidents and routes as the core wires them, over made-up targets that are
 * down when the script says so. Days pass in milliseconds.
 *
 * It holds every message against what people believe by then, and aborts when
 * one makes no sense: opened twice, over without having been open.
 */
#ifndef TESTS_SIMULATION_SIMULATOR_H
#define TESTS_SIMULATION_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/schedule.h"
#include "alerting/incident.h"
#include "alerting/notice.h"
#include "alerting/route.h"
#include "alerting/verdict.h"

#define SECOND       ((int64_t)1000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define DAY          (24 * HOUR)
#define SIM_START    ((int64_t)1795000000000) /* wall clock, ms */
#define SIM_PROBES   64
#define SIM_FAULTS   64
#define SIM_MESSAGES 4096
#define SIM_CHANNELS 3

struct sim_probe {
	char name[32];
	int64_t every_ms, retry_every_ms, timeout_ms;
	struct verdict_policy verdict_policy;
	struct incident_policy policy;
	int parent; /* index, or -1 */

	bool running;
	int64_t started_ms, last_ms;
	enum outcome outcome; /* of the run under way */
	int64_t runs;
	struct verdict verdict;
	struct incident incident;
	struct notice notice;
	bool believed; /* do people, from their messages, think it is open? */
};

/* From one time to another, runs of a probe come out like this. */
struct sim_fault {
	unsigned probe;
	int64_t from_ms, to_ms; /* since SIM_START */
	enum outcome outcome;
	int64_t takes_ms; /* how long such a run takes */
	/* Only in the first on_ms of every period_ms; 0 = always. */
	int64_t period_ms, on_ms;
	unsigned nth; /* only every nth run, as behind a balancer; 0 = all */
};

struct sim_message {
	int64_t at_ms; /* since SIM_START */
	unsigned probe;
	enum event_type event;
	enum severity severity;
	char incident[INCIDENT_ID_LEN + 1];
	bool channels[SIM_CHANNELS];
};

struct sim {
	int64_t now_ms;
	struct schedule *due, *ends;
	struct sim_probe probes[SIM_PROBES];
	unsigned probe_count;
	struct sim_fault faults[SIM_FAULTS];
	unsigned fault_count;
	const struct route *routes;
	size_t route_count;
	struct sim_message messages[SIM_MESSAGES];
	unsigned message_count;
	uint64_t seed; /* of ids and run times */
	int64_t tick_ms;
};

void sim_init(struct sim *s, uint64_t seed);
void sim_fini(struct sim *s);

/* A probe with the defaults of the configuration; change it before the start.
 * Returns its index. */
unsigned sim_add(struct sim *s, const char *name, int64_t every_ms);
void sim_break(struct sim *s, const struct sim_fault *fault);

/* Let time pass until then (since SIM_START). */
void sim_until(struct sim *s, int64_t until_ms);

/* The agent stops and starts again: runs under way are lost, the rest goes
 * through JSON. */
void sim_restart(struct sim *s);

/* A person's act, told like any other event. */
void sim_acknowledge(struct sim *s, unsigned probe, const char *actor);

/* How many messages, of one probe and event; -1 = any. */
unsigned sim_count(const struct sim *s, int probe, int event);
/* The first such message, or NULL. */
const struct sim_message *
sim_first(const struct sim *s, unsigned probe, enum event_type event);

uint64_t sim_random(struct sim *s);

#endif
