/** From a request to its nodes: what the snapshot says, and how the nodes are at the moment. */
@org.jspecify.annotations.NullMarked
package dev.baton.routing;
