/** One connection's way from accept to release, and the event loops it runs on. */
@org.jspecify.annotations.NullMarked
package dev.baton.handoff;
