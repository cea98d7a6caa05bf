// SPDX-License-Identifier: Apache-2.0
/*
 * Real traffic between two network namespaces, for the benchmark of the modes.
 *
 * traffic tcp-receive PORT            takes one connection, prints its bytes
 * traffic tcp-send ADDRESS PORT MS    sends as fast as it goes for so long
 * traffic udp-receive PORT MS         prints how many datagrams came until none did for so long
 * traffic udp-send ADDRESS PORT MS    sends datagrams of 56 bytes as fast as it goes for so long
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static char buffer[128 * 1024];

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};

	inet_pton(AF_INET, ip, &to.sin_addr);
	return to;
}

static int check(int result, const char *call)
{
	if (result < 0) {
		perror(call);
		exit(1);
	}
	return result;
}

static void set_timeout(int fd, int ms)
{
	struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), "SO_RCVTIMEO");
}

static int receive(int tcp, const char *port, int ms)
{
	int fd = check(socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0), "socket"), on = 1,
	    size = 8 << 20;
	struct sockaddr_in at = address("0.0.0.0", port);
	long long sum = 0;
	ssize_t n;

	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	check(bind(fd, (struct sockaddr *)&at, sizeof(at)), "bind");
	if (tcp) {
		check(listen(fd, 1), "listen");
		fd = check(accept(fd, NULL, NULL), "accept");
	} else {
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		set_timeout(fd, 5000); /* for the first */
	}
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		if (!tcp && sum == 0)
			set_timeout(fd, ms);
		sum += tcp ? n : 1;
	}
	printf("%lld\n", sum);
	return 0;
}

static int send_all(int tcp, const char *ip, const char *port, int ms)
{
	int fd = check(socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0), "socket");
	struct sockaddr_in to = address(ip, port);
	double end = now_ms() + ms;

	check(connect(fd, (struct sockaddr *)&to, sizeof(to)), "connect");
	while (now_ms() < end) {
		for (int i = 0; i < 16; i++) {
			if (send(fd, buffer, tcp ? sizeof(buffer) : 56, 0) < 0 && tcp)
				return 1;
		}
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "tcp-receive"))
		return receive(1, argv[2], 0);
	if (argc == 4 && !strcmp(argv[1], "udp-receive"))
		return receive(0, argv[2], atoi(argv[3]));
	if (argc == 5 && !strcmp(argv[1], "tcp-send"))
		return send_all(1, argv[2], argv[3], atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "udp-send"))
		return send_all(0, argv[2], argv[3], atoi(argv[4]));
	return 2;
}
