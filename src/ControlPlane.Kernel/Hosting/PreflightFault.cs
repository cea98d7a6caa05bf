namespace ControlPlane.Kernel.Hosting;

/// <summary>A reason why the daemon cannot run here.</summary>
/// <param name="Problem">The reason in a sentence.</param>
/// <param name="Remedy">What to do, with a command to paste where one exists.</param>
public sealed record PreflightFault(string Problem, string Remedy);
