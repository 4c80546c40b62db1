/**
 * HTTP/2 with prior knowledge, as far as its first request says where a connection goes: pure, no
 * sockets. The session is the target's.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.http2;
