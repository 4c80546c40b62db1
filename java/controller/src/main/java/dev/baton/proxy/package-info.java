/** The PROXY protocol, versions 1 and 2: what is said before a stream of whom it comes from. */
@NullMarked
package dev.baton.proxy;

import org.jspecify.annotations.NullMarked;
