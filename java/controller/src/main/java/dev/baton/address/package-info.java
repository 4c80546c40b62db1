/** IP addresses of both families, for all the other packages. */
@org.jspecify.annotations.NullMarked
package dev.baton.address;
