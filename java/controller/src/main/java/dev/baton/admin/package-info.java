/**
 * What a running controller tells of itself over HTTP, to its own host only unless told otherwise.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.admin;
