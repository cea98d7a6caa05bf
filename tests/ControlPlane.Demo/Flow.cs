using ControlPlane.TestCommon.Lab;
using Devmapd.V1;

namespace ControlPlane.Demo;

/// <summary>One stream of frames, the entry that steers it, and where it comes out.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Entrance">The ingress port, whose far end sends the frames.</param>
/// <param name="Exit">The port of the egress interface.</param>
/// <param name="FramesPerSecond">How fast.</param>
/// <param name="Build">Makes a frame of it.</param>
internal sealed record Flow(
    FlowEntry Entry, string Entrance, string Exit, double FramesPerSecond, Func<FrameMark, byte[]> Build);

/// <summary>The identity and the spec of an entry.</summary>
internal sealed record FlowEntry(string Devmap, string Key, EntrySpec Spec);
