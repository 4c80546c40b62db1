/** Whether nodes are well: checks, and what handoffs tell. */
@org.jspecify.annotations.NullMarked
package dev.baton.health;
