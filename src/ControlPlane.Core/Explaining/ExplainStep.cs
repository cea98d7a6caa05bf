using ControlPlane.Core.Entries;

namespace ControlPlane.Core.Explaining;

/// <summary>One step on the way of a frame.</summary>
/// <param name="Check">What was checked, in CamelCase: a condition's type (<see cref="ConditionTypes"/>), or one of <see cref="ExplainChecks"/>.</param>
/// <param name="Holds">Whether it is as it must be for the frame to leave as wanted.</param>
/// <param name="Reason">A stable CamelCase code.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Evidence">What was looked at, in order: camelCase names and values.</param>
/// <param name="Remedy">What would put it right; a command to paste where one exists.</param>
public sealed record ExplainStep(
    string Check, bool Holds, string Reason, string Message, IReadOnlyList<(string Name, string Value)> Evidence, string? Remedy = null)
{
    internal static ExplainStep Of(Condition condition, IReadOnlyList<(string Name, string Value)> evidence) =>
        new(condition.Type, condition.Status, condition.Reason, condition.Message, evidence, condition.Remedy);
}
