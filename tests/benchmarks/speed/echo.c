/* The least that answering over UDP can cost: echo ADDRESS one|many
 *
 * What comes goes back with QR set, one datagram for each call of the kernel, or up to 64 (`many`).
 * Says its port on standard output. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

enum { BATCH = 64, SIZE = 1500 };

static void one_by_one(int sock)
{
	unsigned char packet[SIZE];
	struct sockaddr_in from;

	for (;;) {
		socklen_t size = sizeof from;
		ssize_t length = recvfrom(sock, packet, SIZE, 0, (void *)&from, &size);

		if (length < 12)
			continue;
		packet[2] |= 0x80;
		sendto(sock, packet, (size_t)length, 0, (void *)&from, size);
	}
}

static void many_at_once(int sock)
{
	static unsigned char packets[BATCH][SIZE];
	static struct sockaddr_in from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];

	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ packets[i], SIZE };
			messages[i] = (struct mmsghdr){ .msg_hdr = {
				.msg_name = &from[i], .msg_namelen = sizeof from[i],
				.msg_iov = &parts[i], .msg_iovlen = 1 } };
		}
		int count = recvmmsg(sock, messages, BATCH, MSG_WAITFORONE, NULL);

		for (int i = 0; i < count; i++) {
			packets[i][2] |= 0x80;
			parts[i].iov_len = messages[i].msg_len;
		}
		for (int done = 0, more; done < count; done += more)
			if ((more = sendmmsg(sock, messages + done, count - done, 0)) <= 0)
				more = 1;
	}
}

int main(int count, char **words)
{
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
	if (words[2][0] == 'm')
		many_at_once(sock);
	one_by_one(sock);
}
