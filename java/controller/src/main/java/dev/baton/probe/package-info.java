/** One request to one node, by the DMZ node itself: for checks of nodes and of copies. */
@org.jspecify.annotations.NullMarked
package dev.baton.probe;
