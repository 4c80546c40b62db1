/** JMH benchmarks of what a handoff costs in Java. */
@org.jspecify.annotations.NullMarked
package dev.baton.benchmarks;
