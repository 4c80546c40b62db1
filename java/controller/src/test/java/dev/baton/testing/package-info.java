/** What tests of several packages need of the machine. */
@org.jspecify.annotations.NullMarked
package dev.baton.testing;
