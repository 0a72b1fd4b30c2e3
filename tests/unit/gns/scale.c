/* scale SVG NODES...: how membership and names do in clusters of so many nodes, as the page docs/scale.md and its plot.  One
 * packet of a hundred is lost; times are of the played network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim.h"

#define RUNS_MAX 8
#define NAMES 1000
#define LATE_MS 120000

struct row {
	unsigned nodes;
	double bytes, packets;	  /* of a node, a second */
	double join_99, join_all; /* seconds until others know */
	double death_99, death_all;
	double heal; /* after a partition of 30 s; < 0: not run */
	unsigned long lookups, not_found, wrong;
	double lookups_second; /* in real time, of all nodes together in one processor */
	unsigned long false_deaths;
};

static struct sim sim;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void begin(unsigned nodes)
{
	unsigned i;

	sim_init(&sim, nodes + 1, nodes); /* the last one comes later */
	sim.loss = 10;
	for (i = 0; i < nodes; i++)
		sim_start(&sim, i, i);
	sim_meet_all(&sim);
	sim_run(&sim, 5000);
}

static void measure_traffic(struct row *row)
{
	uint64_t bytes = 0, packets = 0;
	unsigned i;

	for (i = 0; i < row->nodes; i++)
		sim.nodes[i].bytes_sent = sim.nodes[i].packets_sent = 0;
	sim_run(&sim, 20000);
	for (i = 0; i < row->nodes; i++) {
		bytes += sim.nodes[i].bytes_sent;
		packets += sim.nodes[i].packets_sent;
	}
	row->bytes = (double)bytes / row->nodes / 20;
	row->packets = (double)packets / row->nodes / 20;
	row->false_deaths = (unsigned long)sim.deaths_told;
}

/* Run until enough nodes know; in seconds. */
static void measure_spread(unsigned (*know)(const struct sim *sim, unsigned node), unsigned node,
	unsigned all, double *most, double *last)
{
	uint32_t start = sim.now;
	unsigned count = 0;

	*most = *last = -1;
	while (count < all && sim.now - start < LATE_MS) {
		sim_run(&sim, 100);
		count = know(&sim, node);
		if (*most < 0 && count >= all - all / 100)
			*most = (sim.now - start) / 1000.0;
		if (count == all)
			*last = (sim.now - start) / 1000.0;
	}
}

static bool has(const struct sim *world, unsigned node, const struct name *name)
{
	return world->nodes[node].up && name->length == 8 &&
	       (unsigned)atoi(name->text + 1) % NAMES == node % NAMES;
}

static struct name name_of(unsigned number)
{
	struct name name = { .length = 8 };
	char text[16];

	snprintf(text, sizeof text, "n%07u", number % NAMES);
	memcpy(name.text, text, 8);
	return name;
}

static void measure_names(struct row *row)
{
	unsigned owners = row->nodes < NAMES ? row->nodes : NAMES, round, i;
	unsigned each = row->nodes < 400 ? row->nodes : 400; /* in 100 ms */
	double start;

	sim.has = has;
	for (i = 0; i < owners; i++) {
		struct name name = name_of(i);

		if (sim.nodes[i].up && !names_add(&sim.nodes[i].names, sim.now, &name))
			abort();
	}
	sim_run(&sim, 2000);
	start = seconds();
	for (round = 0; round < 100; round++) {
		for (i = 0; i < each; i++) {
			unsigned node = sim_roll(&sim, row->nodes);
			struct name name = name_of(sim_roll(&sim, owners));

			if (sim.nodes[node].up && (unsigned)atoi(name.text + 1) != 1)
				(void)sim_lookup(&sim, node, &name);
		}
		sim_run(&sim, 100);
	}
	sim_run(&sim, 4000);
	row->lookups_second = (double)(sim.found + sim.not_found) / (seconds() - start);
	row->lookups = (unsigned long)sim.found;
	row->not_found = (unsigned long)sim.not_found;
	row->wrong = (unsigned long)sim.wrong;
}

static bool all_know_all(void)
{
	unsigned up = sim_up(&sim), i;

	for (i = 0; i < sim.count; i++)
		if (sim.nodes[i].up && sim_know_alive(&sim, i) != up - 1)
			return false;
	return true;
}

static void measure_partition(struct row *row)
{
	uint32_t start;
	unsigned i;

	row->heal = -1;
	if (row->nodes > 1000)
		return;
	for (i = 0; i < sim.count; i++)
		sim.nodes[i].group = i % 2;
	sim_run(&sim, 30000);
	for (i = 0; i < sim.count; i++)
		sim.nodes[i].group = 0;
	start = sim.now;
	while (!all_know_all() && sim.now - start < 5 * LATE_MS)
		sim_run(&sim, 1000);
	row->heal = (sim.now - start) / 1000.0;
}

static void measure(struct row *row)
{
	begin(row->nodes);
	measure_traffic(row);
	sim_start(&sim, row->nodes, 0);
	measure_spread(sim_know_alive, row->nodes, row->nodes, &row->join_99, &row->join_all);
	sim_stop(&sim, 1);
	measure_spread(sim_know_dead, 1, row->nodes, &row->death_99, &row->death_all);
	measure_names(row);
	measure_partition(row);
	sim_free(&sim);
}

/* --- The page ------------------------------------------------------------------------------------------------------------ */

static void print_page(const struct row *rows, unsigned count)
{
	unsigned i;

	printf("# Membership and names, from ten nodes to thousands\n\n"
	       "Made by `make scale`: the source of `gns/members.c` and `gns/names.c` runs as so "
	       "many nodes in one program on the\n"
	       "host, over a played network that takes 1 to 10 ms for a packet and loses one of a "
	       "hundred. What a node sends hardly depends on the number of nodes; a\n"
	       "lookup asks one to three nodes and the owner in any case; news takes longer with "
	       "the logarithm of their number.\n\n"
	       "![bytes of a node and time of news against nodes](scale.svg)\n\n"
	       "| nodes | bytes/s of a node | packets/s | join known to 99%% / all, s | death "
	       "known to 99%% / all, s | taken for dead wrongly |\n"
	       "|---|---|---|---|---|---|\n");
	for (i = 0; i < count; i++)
		printf("| %u | %.0f | %.1f | %.1f / %.1f | %.1f / %.1f | %lu |\n", rows[i].nodes,
			rows[i].bytes, rows[i].packets, rows[i].join_99, rows[i].join_all,
			rows[i].death_99, rows[i].death_all, rows[i].false_deaths);
	printf("\nBytes are those of UDP packets with their headers. A death is known after a node "
	       "was asked in vain, suspected, and\n"
	       "did not object for the time of suspicion, which grows with the digits of the "
	       "number of nodes.\n\n"
	       "| nodes | lookups | not found | wrong answers | lookups/s played | all know all "
	       "again after a partition of 30 s, s |\n"
	       "|---|---|---|---|---|---|\n");
	for (i = 0; i < count; i++) {
		printf("| %u | %lu | %lu | %lu | %.0f |", rows[i].nodes,
			rows[i].lookups + rows[i].not_found, rows[i].not_found, rows[i].wrong,
			rows[i].lookups_second);
		if (rows[i].heal < 0)
			printf(" not run |\n");
		else if (rows[i].heal >= 5 * LATE_MS / 1000)
			printf(" not within %d |\n", 5 * LATE_MS / 1000);
		else
			printf(" %.0f |\n", rows[i].heal);
	}
	printf("\nEach name has one owner, or several from 2000 nodes on; a lookup is answered "
	       "when an owner itself has confirmed it. \"Lookups/s\n"
	       "played\" is what one processor of the host does for all nodes together, with their "
	       "other traffic: mostly the ranking\n"
	       "of all members, which is the only cost that grows with their number. In a "
	       "partition both halves take each other\n"
	       "for dead; afterwards the nodes begin new lives as they are told.\n");
}

static unsigned x_of(unsigned nodes)
{
	unsigned x = 80;

	for (; nodes > 10; nodes /= 10)
		x += 150;
	return x;
}

static void print_line(FILE *file, const struct row *rows, unsigned count, const char *color,
	double (*value)(const struct row *row), double scale)
{
	unsigned i;

	fprintf(file, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", color);
	for (i = 0; i < count; i++)
		fprintf(file, "%u,%.0f ", x_of(rows[i].nodes), 260 - value(&rows[i]) * scale);
	fprintf(file, "\"/>\n");
	for (i = 0; i < count; i++)
		fprintf(file,
			"<circle cx=\"%u\" cy=\"%.0f\" r=\"3\" fill=\"%s\"/><text x=\"%u\" "
			"y=\"%.0f\">%.0f</text>\n",
			x_of(rows[i].nodes), 260 - value(&rows[i]) * scale, color,
			x_of(rows[i].nodes) + 6, 254 - value(&rows[i]) * scale, value(&rows[i]));
}

static double bytes_of(const struct row *row)
{
	return row->bytes;
}

static double death_of(const struct row *row)
{
	return row->death_all;
}

static double join_of(const struct row *row)
{
	return row->join_all;
}

static void print_plot(const char *path, const struct row *rows, unsigned count)
{
	FILE *file = fopen(path, "w");
	unsigned i;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"310\" "
		      "font-family=\"sans-serif\" font-size=\"11\">\n"
		      "<rect width=\"640\" height=\"310\" fill=\"white\"/>\n"
		      "<line x1=\"60\" y1=\"260\" x2=\"620\" y2=\"260\" stroke=\"black\"/>\n");
	for (i = 0; i < count; i++)
		fprintf(file, "<text x=\"%u\" y=\"278\" text-anchor=\"middle\">%u</text>\n",
			x_of(rows[i].nodes), rows[i].nodes);
	fprintf(file,
		"<text x=\"340\" y=\"298\" text-anchor=\"middle\">nodes</text>\n"
		"<text x=\"60\" y=\"18\" fill=\"#1f77b4\">bytes/s of a node</text>\n"
		"<text x=\"200\" y=\"18\" fill=\"#d62728\">a death is known to all, s</text>\n"
		"<text x=\"380\" y=\"18\" fill=\"#2ca02c\">a join is known to all, s</text>\n");
	print_line(file, rows, count, "#1f77b4", bytes_of, 0.25);
	print_line(file, rows, count, "#d62728", death_of, 4);
	print_line(file, rows, count, "#2ca02c", join_of, 4);
	fprintf(file, "</svg>\n");
	fclose(file);
}

int main(int argc, char **argv)
{
	static struct row rows[RUNS_MAX];
	unsigned count = 0;
	int i;

	for (i = 2; i < argc && count < RUNS_MAX; i++) {
		rows[count].nodes = (unsigned)atoi(argv[i]);
		measure(&rows[count]);
		fprintf(stderr, "%u nodes\n", rows[count].nodes);
		count++;
	}
	if (count == 0) {
		fprintf(stderr, "usage: scale SVG NODES...\n");
		return 2;
	}
	print_page(rows, count);
	print_plot(argv[1], rows, count);
	return 0;
}
