/**
 * Baton side by side with what else could stand in front of a cluster: the same client, the same
 * target, the same files, in turn.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.compare;
