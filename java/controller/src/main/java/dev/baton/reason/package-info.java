/** The one numbered list of refusals, drops and fallbacks. */
@org.jspecify.annotations.NullMarked
package dev.baton.reason;
