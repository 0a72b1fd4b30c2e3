/* C types and constants of the contracts in mig/ (see the .defs for meaning). */
#ifndef MASIX_TYPES_H
#define MASIX_TYPES_H

#include <stdint.h>

#define MASIX_PATH_MAX 4096 /* bytes, without a NUL */
#define MASIX_NAME_MAX 255
#define MASIX_INLINE_MAX 16384 /* bytes of data inside a message */
#define MASIX_BULK_MAX (1u << 20)

typedef char masix_path_t[4096];
typedef char masix_name_t[256];
typedef char masix_inline_t[16384];
typedef char *masix_bulk_t;
typedef uint32_t masix_ids_t[64];

/* socket.defs */
#define MASIX_PART_MAX 4096  /* bytes of data inside a message */
#define MASIX_RIGHTS_MAX 253 /* files with a message */
typedef char masix_part_t[4096];
typedef char masix_files_t[6072];
typedef uint32_t *masix_rights_t;

struct masix_socket_file { /* masix_files_t: one for each right */
	uint32_t kind;	   /* what the sender's library took it for */
	uint32_t origin;   /* from the server: enum takeover_origin */
	uint32_t mount, flags;
	int64_t offset;
};

struct masix_socket_ids { /* masix_socket_ids_t: 3 words */
	uint32_t pid, uid, gid;
};

struct masix_socket_info {	     /* masix_socket_info_t: 33 words */
	uint32_t full;		     /* length of the datagram that the data is the beginning of */
	uint32_t wants_ids;	     /* the socket has SO_PASSCRED */
	struct masix_socket_ids ids; /* of the sender; pid 0: not known */
	uint32_t name_length;	     /* of the sender of a datagram; 0: it has none */
	char name[108];
};

enum masix_socket_option {
	MASIX_SOCKET_TYPE = 1, /* 1 stream, 2 datagram, 5 sequenced packets */
	MASIX_SOCKET_ERROR,    /* a MASIX_E_*, told once */
	MASIX_SOCKET_LISTENS,
	MASIX_SOCKET_PEER, /* 3 words: pid, uid, gid */
	MASIX_SOCKET_SEND_BUFFER,
	MASIX_SOCKET_RECEIVE_BUFFER,
	MASIX_SOCKET_WANTS_IDS,
	/* Of sockets of net.  Times are in ms, 0: never. */
	MASIX_SOCKET_REUSE_ADDRESS,
	MASIX_SOCKET_KEEP_ALIVE,
	MASIX_SOCKET_KEEP_IDLE, /* s */
	MASIX_SOCKET_KEEP_INTERVAL,
	MASIX_SOCKET_KEEP_COUNT,
	MASIX_SOCKET_NO_DELAY,
	MASIX_SOCKET_BROADCAST,
	MASIX_SOCKET_LINGER, /* seconds + 1; 0: off */
	MASIX_SOCKET_RECEIVE_TIMEOUT,
	MASIX_SOCKET_SEND_TIMEOUT,
	MASIX_SOCKET_HOPS,    /* TTL, hop limit */
	MASIX_SOCKET_SERVICE, /* type of service, traffic class */
	MASIX_SOCKET_ONLY_INET6,
	MASIX_SOCKET_SEGMENT,	   /* TCP's largest segment now; only told */
	MASIX_SOCKET_PROTOCOL,	   /* only told */
	MASIX_SOCKET_TCP_STATE,	   /* as in TCP_INFO; only told */
	MASIX_SOCKET_SWITCH = 100, /* and the next 31: bits that mean nothing to the server */
};

struct masix_inet_name {     /* the names of sockets of net: 24 bytes */
	uint8_t address[16]; /* IPv6; IPv4 as ::ffff:a.b.c.d */
	uint32_t scope;	     /* number of the interface of a link-local address, 0: not said */
	uint16_t port;
	uint16_t reserved;
};

/* datagrams.defs: what precedes the bytes of each. */
struct masix_datagram {
	struct masix_inet_name name; /* where it comes from, or goes to */
	uint32_t length;
};

/* network.defs */
#define MASIX_INET 4
#define MASIX_INET6 6
#define MASIX_NETWORK_LOW_PORTS 1 /* rights of a socket: bind to ports below 1024; */
#define MASIX_NETWORK_RAW 2	  /* be a raw one; */
#define MASIX_NETWORK_CONFIGURE 4 /* interface_set */

struct masix_interface { /* network_interfaces, interface_list */
	char name[16];	 /* terminated */
	uint32_t number, mtu;
	uint32_t flags; /* MASIX_INTERFACE_* */
	uint8_t hardware[8];
	uint32_t address, mask, gateway; /* IPv4, network order; 0: none */
	struct {
		uint8_t address[16];
		uint32_t prefix;
		uint32_t state; /* 1 tentative, 2 deprecated, 3 preferred; 0: none */
	} inet6[4];
	uint8_t gateway6[16];	     /* zero: none */
	uint8_t name_servers[3][16]; /* as masix_inet_name tells addresses; zero: none */
	uint64_t received_bytes, received_packets, received_dropped;
	uint64_t sent_bytes, sent_packets, sent_dropped;
};
#define MASIX_INTERFACE_UP 1
#define MASIX_INTERFACE_LOOPBACK 2
#define MASIX_INTERFACE_LINK 4 /* there is a carrier */
#define MASIX_INTERFACE_DHCP 8 /* its IPv4 address is a lease */

enum masix_interface_setting { /* interface_set: IPv4 addresses in network order */
	MASIX_INTERFACE_SET_UP = 1,
	MASIX_INTERFACE_SET_ADDRESS,
	MASIX_INTERFACE_SET_MASK,
	MASIX_INTERFACE_SET_GATEWAY,
	MASIX_INTERFACE_SET_DHCP, /* 1: ask for a lease, 0: give it back */
};

struct masix_connection { /* network_sockets */
	struct masix_inet_name local, peer;
	uint32_t family, type, protocol, state; /* TCP: as in TCP_INFO; others 1 connected, 7 not */
	uint32_t uid, inode, queued_in, queued_out;
};

#define MASIX_SOCKET_PEEK 16 /* beside MASIX_IO_* */
#define MASIX_SOCKET_IDS 32  /* the sender says who it is */

/* foreign_program.defs */
#define MASIX_DIRECTORIES_MAX 16
enum masix_program_number {	 /* what stands in `numbers` */
	MASIX_PROGRAM_ARGUMENTS, /* how many */
	MASIX_PROGRAM_VARIABLES, /* of the environment */
	MASIX_PROGRAM_TERMINALS, /* bit n: stream n is a terminal */
	MASIX_PROGRAM_ROWS,	 /* of it */
	MASIX_PROGRAM_COLUMNS,
	MASIX_PROGRAM_UMASK,
	MASIX_PROGRAM_NUMBERS,
};
enum masix_program_event {
	MASIX_PROGRAM_READ = 1,
	MASIX_PROGRAM_WRITE,
	MASIX_PROGRAM_TERMINAL,
	MASIX_PROGRAM_EXIT,
};

#define MASIX_STREAM (-1LL)

/* flags of io calls */
#define MASIX_IO_NONBLOCK 1
#define MASIX_IO_APPEND 2
#define MASIX_TTY_TTIN_BLOCKED 4

/* events of io_poll: the values of poll(2) */
#define MASIX_POLL_IN 1
#define MASIX_POLL_OUT 4
#define MASIX_POLL_ERR 8
#define MASIX_POLL_HUP 16
#define MASIX_POLL_RDHUP 0x2000 /* only if it is asked for */
#define MASIX_POLL_EVENTS 0x3fff
/* Beside them in events of io_poll: what holds is news only if the object's count of what happened is not the one in the
 * upper half. In the answer: the upper half is that count now. An object that does not count ignores it. */
#define MASIX_POLL_COUNTED 0x8000
#define MASIX_POLL_COUNT_SHIFT 16

/* Resource limits, by Linux's numbers: each soft and hard. */
#define MASIX_LIMITS 16
#define MASIX_LIMIT_PROCESSES 6
#define MASIX_LIMIT_FILES 7

#define MASIX_LOCK_SHARED 1
#define MASIX_LOCK_EXCLUSIVE 2
#define MASIX_LOCK_NONE 8

/* flags of dir_open */
#define MASIX_OPEN_READ 1
#define MASIX_OPEN_WRITE 2
#define MASIX_OPEN_EXEC 4
#define MASIX_OPEN_CREATE 0x10
#define MASIX_OPEN_EXCLUSIVE 0x20
#define MASIX_OPEN_TRUNCATE 0x40
#define MASIX_OPEN_DIRECTORY 0x80
#define MASIX_OPEN_NOFOLLOW 0x100
#define MASIX_OPEN_PATH 0x200	/* names the object; no read or write */
#define MASIX_OPEN_NOCTTY 0x400 /* process_open_device: not to become the controlling terminal */

#define MASIX_UNLINK_DIRECTORY 1
#define MASIX_RENAME_NOREPLACE 1
#define MASIX_MINT_MOUNTED 1

/* kinds of dir_open and dir_stat */
enum masix_kind {
	MASIX_KIND_FILE = 1,
	MASIX_KIND_DIRECTORY,
	MASIX_KIND_SYMLINK, /* only with NOFOLLOW */
	MASIX_KIND_CHAR,
	MASIX_KIND_BLOCK,
	MASIX_KIND_FIFO,
	MASIX_KIND_SOCKET,
	MASIX_CROSS_ROOT = 16,
	MASIX_CROSS_MOUNT,
	MASIX_CROSS_PARENT,
};

struct masix_stat { /* masix_stat_t: 24 words */
	uint32_t dev;
	uint32_t mode; /* type and permissions as in Linux */
	uint64_t ino;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint32_t rdev;	 /* Linux encoding: major << 8 | minor (small numbers) */
	uint64_t size;	 /* bytes */
	uint64_t blocks; /* of 512 bytes */
	uint32_t block_size;
	uint32_t atime_nsec;
	uint32_t mtime_nsec;
	uint32_t ctime_nsec;
	int64_t atime;
	int64_t mtime;
	int64_t ctime;
	uint32_t generation;
	uint32_t
		socket_type; /* of a socket: its type; of net: | MASIX_INET or MASIX_INET6 << 8 | protocol << 16 */
};

struct masix_statfs {  /* masix_statfs_t: 16 words */
	uint32_t type; /* magic of statfs(2) */
	uint32_t block_size;
	uint64_t blocks;
	uint64_t blocks_free;
	uint64_t blocks_available;
	uint64_t files;
	uint64_t files_free;
	uint32_t name_max;
	uint32_t flags; /* ST_RDONLY = 1 */
	uint32_t reserved[2];
};

struct masix_dirent { /* in dir_entries; 8-byte aligned, padded to 8 */
	uint64_t ino;
	int64_t next;	 /* the cookie after this entry */
	uint16_t length; /* of this record */
	uint8_t type;	 /* DT_* */
	uint8_t name_length;
	char name[]; /* no NUL */
} __attribute__((packed, aligned(4)));

struct masix_siginfo { /* masix_siginfo_t: 8 words */
	int32_t code;
	int32_t pid;
	uint32_t uid;
	int32_t value;
	int32_t status;
	uint32_t reserved[3];
};

struct masix_usage { /* masix_usage_t: 16 words, microseconds and KiB */
	uint64_t user;
	uint64_t system;
	uint32_t max_resident;
	uint32_t faults;
	uint32_t reserved[10];
};

struct masix_system { /* process_system: 16 words */
	uint32_t uptime_seconds;
	uint32_t load[3]; /* fixed point, 1 << 16 */
	uint32_t page_size;
	uint32_t pages_total;
	uint32_t pages_free;
	uint32_t pages_cached;
	uint32_t processes;
	uint32_t reserved[7];
};

/* How time is read with no message: seconds since boot = (tsc - tsc_boot) / tsc_hz. */
struct masix_start { /* masix_start_t: 16 words */
	uint64_t tsc_hz;
	uint64_t tsc_boot;
	int64_t realtime_boot_ns; /* wall clock at tsc_boot, ns since 1970 */
	uint64_t incarnation;
	uint64_t session;
	uint32_t node[4];
	uint32_t reserved[2];
};

/* process_exit, process_wait, ... */
#define MASIX_CORE 0x80
#define MASIX_WAIT_ANY 0
#define MASIX_WAIT_PID 1
#define MASIX_WAIT_GROUP 2
#define MASIX_WAIT_NOHANG 1
#define MASIX_WAIT_UNTRACED 2
#define MASIX_WAIT_EXITED 4
#define MASIX_WAIT_CONTINUED 8
#define MASIX_WAIT_NOWAIT 0x1000000
#define MASIX_NO_ZOMBIES 1
#define MASIX_NO_STOP_REPORT 2
#define MASIX_USAGE_SELF 0
#define MASIX_USAGE_CHILDREN 1
#define MASIX_DEATH_SIGNAL 1
#define MASIX_SUBREAPER 2
#define MASIX_NO_NEW_PRIVILEGES 3
#define MASIX_HALT 0
#define MASIX_REBOOT 1

/* channels of console_open; minors of the character device 240 */
#define MASIX_CHANNEL_STDIN 0
#define MASIX_CHANNEL_STDOUT 1
#define MASIX_CHANNEL_STDERR 2
#define MASIX_CHANNEL_CONTROL 3
#define MASIX_HOST_MAJOR 240

/* ACS */
#define MASIX_ROLE_SERVER 1 /* resolvable on the inter-server face */
#define MASIX_ROLE_CLIENT 2 /* exported to clients too */
#define MASIX_ROLE_ADMIN 3  /* and to the admin port alone */
#define MASIX_RIGHT_HOST 1
#define MASIX_RIGHT_DEVICE 2
#define MASIX_RIGHT_IRQ 3
#define MASIX_RIGHT_IO_PORTS 4
#define MASIX_RIGHT_ADMIN 5
#define MASIX_RIGHT_CLIENT 6
#define MASIX_RIGHT_MEMORY 7 /* of devices; in pages */
#define MASIX_START_NOW 0
#define MASIX_START_ON_DEMAND 1
#define MASIX_START_UPDATE 2
#define MASIX_EVENT_CAME 1
#define MASIX_EVENT_WENT 2
#define MASIX_EVENT_REPLACED 3

typedef struct masix_stat masix_stat_t;
typedef struct masix_statfs masix_statfs_t;
typedef struct masix_siginfo masix_siginfo_t;
typedef struct masix_usage masix_usage_t;
typedef struct masix_start masix_start_t;
typedef struct masix_socket_ids masix_socket_ids_t;
typedef struct masix_socket_info masix_socket_info_t;
typedef struct {
	uint8_t bytes[32];
} masix_key_t;
typedef struct {
	uint8_t bytes[64];
} masix_signature_t;

typedef struct {
	uint8_t bytes[16];
} masix_nonce_t;
typedef struct {
	uint8_t bytes[272];
} masix_sealed_t; /* a ticket: masix/proof.h */

struct masix_gns_hello { /* masix_gns_hello_t: 14 words */
	uint8_t node[16];
	uint64_t incarnation;
	char name[32]; /* of the node, NUL at the end */
};

typedef struct masix_gns_hello masix_gns_hello_t;

_Static_assert(sizeof(struct masix_gns_hello) == 56, "masix_gns_hello_t");
_Static_assert(sizeof(struct masix_stat) == 96, "masix_stat_t");
_Static_assert(sizeof(struct masix_statfs) == 64, "masix_statfs_t");
_Static_assert(sizeof(struct masix_siginfo) == 32, "masix_siginfo_t");
_Static_assert(sizeof(struct masix_usage) == 64, "masix_usage_t");
_Static_assert(sizeof(struct masix_system) == 64, "masix_system");
_Static_assert(sizeof(struct masix_start) == 64, "masix_start_t");
_Static_assert(sizeof(struct masix_socket_info) == 132, "masix_socket_info_t");
_Static_assert(sizeof(struct masix_inet_name) == 24, "masix_inet_name");
_Static_assert(sizeof(struct masix_socket_file) * MASIX_RIGHTS_MAX == sizeof(masix_files_t),
	"masix_files_t");

#endif
