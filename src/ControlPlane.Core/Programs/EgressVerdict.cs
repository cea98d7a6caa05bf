namespace ControlPlane.Core.Programs;

/// <summary>What an egress program makes of one frame.</summary>
/// <param name="Action">What it returns; a frame leaves with <see cref="XdpAction.Pass"/> alone.</param>
/// <param name="Frame">The frame that leaves; empty when none does.</param>
public readonly record struct EgressVerdict(XdpAction Action, ReadOnlyMemory<byte> Frame);
