namespace ControlPlane.TestCommon.Lab;

/// <summary>How much a generator sends, and how fast. It ends at whichever bound comes first.</summary>
/// <param name="Frames">At most so many frames.</param>
/// <param name="FramesPerSecond">Evenly, in bursts of at most 64, which every queue of a veth takes.</param>
/// <param name="Time">At most so long; a minute by default.</param>
public sealed record TrafficPlan(ulong Frames = ulong.MaxValue, double FramesPerSecond = 20_000, TimeSpan? Time = null);
