/** Baton's controller. */
@org.jspecify.annotations.NullMarked
package dev.baton;
