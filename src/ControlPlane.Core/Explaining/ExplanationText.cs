using System.Globalization;
using System.Text;

using ControlPlane.Core.Errors;
namespace ControlPlane.Core.Explaining;

/// <summary>An explanation as a page for people.</summary>
public static class ExplanationText
{
    /// <summary>Returns the page: the question, a line for each step with its remedy below it, and the verdict last.</summary>
    public static string Render(Explanation explanation, Func<Remedy, string> remedyText)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"{Asked(explanation)}\n\n");
        var checks = Width(explanation.Steps.Select(s => s.Type.Name));
        var reasons = Width(explanation.Steps.Select(s => s.Reason));
        foreach (var (index, step) in explanation.Steps.Index())
        {
            page.Append(CultureInfo.InvariantCulture, $"{index + 1,2}  {(step.Holds ? "ok  " : "FAIL")}  {step.Type.Name.PadRight(checks)}  {step.Reason.PadRight(reasons)}  {step.Message}");
            if (step.Evidence.Count > 0)
                page.Append(CultureInfo.InvariantCulture, $"  [{string.Join(", ", step.Evidence.Select(e => $"{e.Name} {e.Value}"))}]");
            page.Append('\n');
            if (step.Remedy is { } remedy)
                page.Append(CultureInfo.InvariantCulture, $"          remedy: {remedyText(remedy)}\n");
        }

        var verdict = explanation.Verdict;
        return page.Append(CultureInfo.InvariantCulture, $"\n{Word(verdict.Outcome)} ({verdict.Reason}): {verdict.Message}\n").ToString();
    }

    private static string Asked(Explanation explanation)
    {
        var frame = explanation.Frame;
        var text = new StringBuilder($"devmap {explanation.Devmap}");
        if (explanation.Key is { } key)
            text.Append(CultureInfo.InvariantCulture, $", key {key}");
        text.Append(CultureInfo.InvariantCulture, $": a frame {(frame.Ingress is null ? "by any interface" : $"by {frame.Ingress}")}");
        text.Append(frame.Vlan == 0 ? ", untagged" : $", VLAN {frame.Vlan}");
        text.Append(frame.Dst is null ? ", not IPv4" : $", to {frame.Dst}");
        return text.Append(CultureInfo.InvariantCulture, $", {frame.Bytes} bytes{(frame.Length is null ? " (no length was given)" : "")}").ToString();
    }

    private static string Word(ExplainOutcome outcome) => outcome switch
    {
        ExplainOutcome.NotReceived => "NOT RECEIVED",
        _ => outcome.ToString().ToUpperInvariant(),
    };

    private static int Width(IEnumerable<string> texts) => texts.Select(t => t.Length).DefaultIfEmpty(0).Max();
}
