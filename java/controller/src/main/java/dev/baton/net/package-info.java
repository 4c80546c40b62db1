/**
 * Sockets, segments and the client leg: the only package above the loader that makes native calls.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.net;
