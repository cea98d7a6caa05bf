namespace ControlPlane.Kernel.Hosting;

/// <summary>A reason why the daemon cannot run here.</summary>
/// <param name="Problem">The reason in a sentence.</param>
/// <param name="Remedy">What to do, with a command to paste where one exists.</param>
/// <param name="LacksPrivilege">Whether the process lacks a capability, rather than the host a part.</param>
public sealed record PreflightFault(string Problem, string Remedy, bool LacksPrivilege = false);
