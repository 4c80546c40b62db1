/**
 * Networks of namespaces with real programs in them, for the demo, the tests and the benchmarks.
 *
 * <p>Nothing outside the namespaces a {@link dev.baton.lab.Lab} makes is touched, and all of it
 * goes with {@link dev.baton.lab.Lab#close()}, which also runs when the JVM is told to end.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.lab;
