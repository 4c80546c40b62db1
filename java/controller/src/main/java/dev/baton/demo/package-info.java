/**
 * The demo: the main job on one machine, told by the packets that really passed.
 *
 * <p>{@link dev.baton.demo.Demo} runs it; {@link dev.baton.demo.Pcap} and {@link
 * dev.baton.demo.Ladder} turn a capture into a diagram and know nothing of the rest.
 */
@org.jspecify.annotations.NullMarked
package dev.baton.demo;
