/** HTTP/1.x request heads, host names and error pages: pure, no sockets. */
@org.jspecify.annotations.NullMarked
package dev.baton.http;
