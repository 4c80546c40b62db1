/**
 * Answers that no single part holds: their pieces are fetched from the nodes and sent as one. The
 * only case in which payload passes through the DMZ node's user space.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.pieces;
