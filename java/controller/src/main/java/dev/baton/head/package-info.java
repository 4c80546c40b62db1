/** What every reader of a connection's first bytes has in common: pure, no sockets. */
@org.jspecify.annotations.NullMarked
package dev.baton.head;
