/** A judge over captures: is what passed on the wire TCP as RFC 9293 and 7323 want it? */
@org.jspecify.annotations.NullMarked
package dev.baton.wire;
