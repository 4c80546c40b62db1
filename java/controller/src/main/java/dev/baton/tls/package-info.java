/**
 * The ClientHello, as far as it says where a connection goes: pure, no sockets, no keys. The TLS
 * session is the target's.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.tls;
