/* What jextract reads for dev.baton.bindings.libc: sockets, epoll, raw packets, files. */
#define _GNU_SOURCE
#include <features.h>
/* With __USE_GNU, glibc declares socket addresses as a transparent union, which no binding can
 * pass; so it is off for this one header, and what it hides is declared after it. */
#undef __USE_GNU
#include <sys/socket.h>
#define __USE_GNU 1
struct mmsghdr {
	struct msghdr msg_hdr;
	unsigned int msg_len;
};
extern int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
extern int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags);
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <linux/filter.h>
