/* Asks the C library that this is linked with for each name in turn, in both families.
 * One line per name: its addresses, or `error` and the number that getaddrinfo returned. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static void look_up(const char *name)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *first = NULL;
	int error = getaddrinfo(name, NULL, &hints, &first);

	if (error) {
		printf("error %d\n", error);
		return;
	}
	for (struct addrinfo *found = first; found; found = found->ai_next) {
		char text[INET6_ADDRSTRLEN];
		const void *bytes = found->ai_family == AF_INET
			? (void *)&((struct sockaddr_in *)found->ai_addr)->sin_addr
			: (void *)&((struct sockaddr_in6 *)found->ai_addr)->sin6_addr;
		printf("%s ", inet_ntop(found->ai_family, bytes, text, sizeof text));
	}
	printf("\n");
	freeaddrinfo(first);
}

int main(int count, char **names)
{
	for (int number = 1; number < count; number++)
		look_up(names[number]);
	return 0;
}
