/* A nameserver that knows every name, as fast as a loop can be: nameserver ADDRESS both|one
 *
 * An A question is answered with 44.128.x.y, where x.y is a hash of the name's first label; with
 * `both`, or where that label begins with `mixed`, 192.168.x.y stands beside it, before or behind.
 * All other questions get no data and an SOA. Says its port on standard output. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SIZE = 1500, HEADER = 12, A = 1, OPT = 41 };

static unsigned char *put(unsigned char *at, const void *bytes, size_t count)
{
	memcpy(at, bytes, count);
	return at + count;
}

static unsigned char *put_address(unsigned char *at, unsigned net, uint16_t hash)
{
	unsigned char record[16] = "\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4";

	record[12] = net >> 8;
	record[13] = net & 255;
	record[14] = hash >> 8;
	record[15] = hash & 255;
	return put(at, record, sizeof record);
}

/* FNV-1a of the first label in lower case, folded to 16 bits. */
static uint16_t hash_of(const unsigned char *label, int length)
{
	uint32_t hash = 2166136261u;

	for (int i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)tolower(label[i])) * 16777619u;
	return (uint16_t)(hash ^ hash >> 16);
}

/* The reply to a query; its length, or 0 where none is due. */
static int answer(const unsigned char *query, int length, unsigned char *reply, int always_both)
{
	int end = HEADER, parent = 0, before = 0;
	const unsigned char *first = query + HEADER + 1;

	if (length < HEADER + 5 || query[2] & 0x80 || query[4] || query[5] != 1)
		return 0;
	while (query[end]) {
		parent = before;
		before = end;
		end += query[end] + 1;
		if (query[before] > 63 || end + 5 > length)
			return 0;
	}
	end += 5;

	unsigned char *at = put(reply, query, end);
	int has_opt = end + 11 <= length && query[11] && !query[end]
		&& query[end + 1] == 0 && query[end + 2] == OPT;
	int is_address = query[end - 4] == 0 && query[end - 3] == A && query[HEADER];

	memcpy(reply + 2, "\x81\x80\0\1\0\0\0\0\0\0", 10);
	if (is_address) {
		uint16_t hash = hash_of(first, query[HEADER]);
		int both = always_both
			|| (query[HEADER] >= 5 && !strncasecmp((const char *)first, "mixed", 5));

		if (both && hash & 1)
			at = put_address(at, 192 << 8 | 168, hash);
		at = put_address(at, 44 << 8 | 128, hash);
		if (both && !(hash & 1))
			at = put_address(at, 192 << 8 | 168, hash);
		reply[7] = both ? 2 : 1;
	} else {
		unsigned char pointer[2] = { 0xc0, (unsigned char)parent };

		/* The zone is the name's last two labels, or the root. */
		at = parent ? put(at, pointer, 2) : put(at, "", 1);
		at = put(at, "\0\6\0\1\0\0\0\x3c\0\x16\0\0", 12);
		at = put(at, "\0\0\0\1\0\0\x0e\x10\0\0\x02\x58\0\1\x51\x80\0\0\0\x3c", 20);
		reply[9] = 1;
	}
	if (has_opt) {
		at = put(at, "\0\0\x29\4\xd0\0\0\0\0\0\0", 11);
		reply[11] = 1;
	}
	return (int)(at - reply);
}

int main(int count, char **words)
{
	static unsigned char in[BATCH][SIZE], out[BATCH][SIZE];
	static struct sockaddr_in from[BATCH];
	struct mmsghdr got[BATCH], sent[BATCH];
	struct iovec to_read[BATCH], to_write[BATCH];
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t size = sizeof here;
	int sock = socket(AF_INET, SOCK_DGRAM, 0), space = 4 << 20;

	if (count != 3 || inet_pton(AF_INET, words[1], &here.sin_addr) != 1)
		return 2;
	setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &space, sizeof space);
	if (bind(sock, (void *)&here, size) || getsockname(sock, (void *)&here, &size))
		return 1;
	printf("%d\n", ntohs(here.sin_port));
	fflush(stdout);
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			to_read[i] = (struct iovec){ in[i], SIZE };
			got[i] = (struct mmsghdr){ .msg_hdr = {
				.msg_name = &from[i], .msg_namelen = sizeof from[i],
				.msg_iov = &to_read[i], .msg_iovlen = 1 } };
		}
		int here_now = recvmmsg(sock, got, BATCH, MSG_WAITFORONE, NULL), due = 0;

		for (int i = 0; i < here_now; i++) {
			int length = answer(in[i], (int)got[i].msg_len, out[due], words[2][0] == 'b');

			if (!length)
				continue;
			to_write[due] = (struct iovec){ out[due], (size_t)length };
			sent[due] = (struct mmsghdr){ .msg_hdr = {
				.msg_name = &from[i], .msg_namelen = sizeof from[i],
				.msg_iov = &to_write[due], .msg_iovlen = 1 } };
			due++;
		}
		for (int done = 0, more; done < due; done += more)
			if ((more = sendmmsg(sock, sent + done, due - done, 0)) <= 0)
				more = 1;
	}
}
