namespace ControlPlane.Core.State;

/// <summary>Why an accepted entry could not be brought into the kernel.</summary>
/// <param name="Reason">A stable CamelCase code.</param>
/// <param name="Message">A sentence for people, with errno where there is one.</param>
/// <param name="Remedy">What would help.</param>
internal sealed record EntryFailure(string Reason, string Message, string? Remedy);
