/* Questions from many addresses of one socket: senders SERVER PORT FILE WINDOW RATE SECONDS TIMES [echo]
 *
 * Each line of FILE is an address to ask from and a name; they are asked for (type A) in turn, with
 * at most WINDOW under way and at most RATE begun in a second, for SECONDS or so many TIMES through
 * the FILE (0: no limit). Every reply must hold the one permitted address of nameserver.c, unless an
 * echo is asked. Prints, in one line: sent,
 * answered, wrong, lost, and in nanoseconds: median, 99th percentile, longest, and the longest time
 * from one reply to the next. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

enum { SIZE = 1500, IDS = 65536, KEPT = 8000000, PATIENCE = 1000000000 };

struct question {
	struct in_addr source;
	uint16_t hash;
	int length;
	unsigned char packet[280];
};

static struct question *questions;
static size_t question_count;
static int64_t begun[IDS];
static uint32_t asked[IDS];
static uint32_t *took;
static size_t answered, wrong, lost, sent, kept;

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void read_questions(const char *file)
{
	char source[64], name[256];
	size_t room = 0;
	FILE *in = fopen(file, "r");

	while (in && fscanf(in, "%63s %255s", source, name) == 2) {
		if (question_count == room)
			questions = realloc(questions, (room = room * 2 + 1024) * sizeof *questions);
		struct question *q = &questions[question_count++];
		unsigned char *at = q->packet + 12;
		uint32_t hash = 2166136261u;

		memset(q, 0, sizeof *q);
		inet_pton(AF_INET, source, &q->source);
		q->packet[2] = 1;
		q->packet[5] = 1;
		for (const char *c = name; *c && *c != '.'; c++)
			hash = (hash ^ (unsigned char)*c) * 16777619u;
		q->hash = (uint16_t)(hash ^ hash >> 16);
		for (char *label = strtok(name, "."); label; label = strtok(NULL, ".")) {
			*at++ = (unsigned char)strlen(label);
			at = (unsigned char *)stpcpy((char *)at, label);
		}
		memcpy(at, "\0\0\1\0\1", 5);
		q->length = (int)(at + 5 - q->packet);
	}
	if (!question_count)
		exit(2);
}

static int ask(int sock, const struct sockaddr_in *server)
{
	struct question *q = &questions[sent % question_count];
	uint16_t id = (uint16_t)sent;
	struct iovec part = { q->packet, (size_t)q->length };
	union { char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))]; struct cmsghdr head; } control;
	struct msghdr message = { .msg_name = (void *)server, .msg_namelen = sizeof *server,
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof control.bytes };
	struct in_pktinfo info = { .ipi_spec_dst = q->source };

	memset(&control, 0, sizeof control);
	control.head.cmsg_level = IPPROTO_IP;
	control.head.cmsg_type = IP_PKTINFO;
	control.head.cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(&control.head), &info, sizeof info);
	q->packet[0] = id >> 8;
	q->packet[1] = id & 255;
	int was_lost = begun[id] != 0;

	lost += (size_t)was_lost;
	begun[id] = now();
	asked[id] = (uint32_t)(sent % question_count);
	sent++;
	sendmsg(sock, &message, 0);
	return !was_lost;
}

static int is_right(const unsigned char *packet, ssize_t length, const struct question *q)
{
	return length >= q->length + 16 && !(packet[3] & 15) && packet[6] == 0 && packet[7] == 1
		&& packet[length - 4] == 44 && packet[length - 3] == 128
		&& packet[length - 2] == q->hash >> 8 && packet[length - 1] == (q->hash & 255);
}

static int compare(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

int main(int count, char **words)
{
	if (count < 8)
		return 2;
	int window = atoi(words[4]), is_echo = count > 8, under_way = 0;
	double rate = atof(words[5]);
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(atoi(words[2])) };
	struct sockaddr_in any = { .sin_family = AF_INET };
	int sock = socket(AF_INET, SOCK_DGRAM, 0), space = 4 << 20;
	unsigned char packet[SIZE];

	inet_pton(AF_INET, words[1], &server.sin_addr);
	setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &space, sizeof space);
	prctl(PR_SET_TIMERSLACK, 1);
	read_questions(words[3]);
	size_t most = atoll(words[7]) ? question_count * (size_t)atoll(words[7]) : SIZE_MAX;

	took = calloc(KEPT, sizeof *took);
	if (!took || bind(sock, (void *)&any, sizeof any))
		return 1;

	int64_t start = now(), end = start + (int64_t)(atof(words[6]) * 1e9), heard = start, since = start;
	int64_t gap = 0, is_over = end + PATIENCE;

	for (int64_t t = start; (t < end && sent < most) || (under_way && t < is_over); t = now()) {
		int64_t due = rate > 0 ? start + (int64_t)((double)sent * 1e9 / rate) : t;
		int may_ask = t < end && sent < most && under_way < window;

		if (under_way && t - since > PATIENCE && t < end) {
			/* Whoever has not answered by now will not: begin anew with an empty window. */
			lost += (size_t)under_way;
			memset(begun, 0, sizeof begun);
			under_way = 0;
			since = t;
			continue;
		}
		for (int burst = 0; may_ask && due <= t && burst < 16; burst++) {
			under_way += ask(sock, &server);
			may_ask = sent < most && under_way < window;
			due = rate > 0 ? start + (int64_t)((double)sent * 1e9 / rate) : t;
		}
		int64_t wait = may_ask ? due - t : 100000000;
		struct timespec pause = { wait > 0 ? wait / 1000000000 : 0, wait > 0 ? wait % 1000000000 : 0 };
		struct pollfd readable = { sock, POLLIN, 0 };

		if (ppoll(&readable, 1, &pause, NULL) <= 0)
			continue;
		for (ssize_t length; (length = recv(sock, packet, sizeof packet, MSG_DONTWAIT)) > 0;) {
			uint16_t id = (uint16_t)(packet[0] << 8 | packet[1]);
			int64_t at = now();

			if (!begun[id])
				continue;
			if (answered && at - heard > gap)
				gap = at - heard;
			heard = since = at;
			if (kept < KEPT)
				took[kept++] = (uint32_t)(at - begun[id]);
			begun[id] = 0;
			under_way--;
			answered++;
			wrong += !is_echo && !is_right(packet, length, &questions[asked[id]]);
		}
	}
	lost += (size_t)under_way;
	qsort(took, kept, sizeof *took, compare);
	printf("%zu %zu %zu %zu %u %u %u %lld\n", sent, answered, wrong, lost,
		kept ? took[kept / 2] : 0, kept ? took[kept * 99 / 100] : 0,
		kept ? took[kept - 1] : 0, (long long)gap);
	return 0;
}
