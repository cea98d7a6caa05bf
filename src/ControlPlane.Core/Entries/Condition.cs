namespace ControlPlane.Core.Entries;

/// <summary>One checked fact about an entry.</summary>
/// <param name="Type">Which check, for instance <c>InterfaceUp</c>.</param>
/// <param name="Status">Whether the check passed.</param>
/// <param name="Reason">A stable CamelCase code for programs.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Remedy">What would make it pass; a command to paste where one exists.</param>
public sealed record Condition(string Type, bool Status, string Reason, string Message, string? Remedy = null);
