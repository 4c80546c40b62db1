/** Answers for the names of sites and nodes, as their authority. */
@org.jspecify.annotations.NullMarked
package dev.baton.dns;
