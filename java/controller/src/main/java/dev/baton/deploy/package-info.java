/** New versions of what sites serve: transactions in the directory, and checks of the copies. */
@org.jspecify.annotations.NullMarked
package dev.baton.deploy;
