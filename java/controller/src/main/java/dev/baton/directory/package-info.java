/** Nodes and sites: SQLite, the snapshot read from it, and cluster.yaml. */
@org.jspecify.annotations.NullMarked
package dev.baton.directory;
