/** Which protocol a connection begins with: pure, no sockets. */
@org.jspecify.annotations.NullMarked
package dev.baton.front;
