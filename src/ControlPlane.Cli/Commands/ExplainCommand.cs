using System.CommandLine;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Devmapd.V1;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl explain</c>: what happens to a frame, check by check.</summary>
internal sealed class ExplainCommand : CtlCommand
{
    private readonly Argument<string?> _key;
    private readonly Option<string?> _ingress = new("--ingress") { Description = "The interface that the frame arrives on.", HelpName = "NAME" };
    private readonly Option<uint?> _vlan = new("--vlan") { Description = "The VLAN id of the frame.", HelpName = "ID" };
    private readonly Option<string?> _dst = new("--dst") { Description = "The IPv4 destination of the frame.", HelpName = "ADDRESS" };
    private readonly Option<uint?> _length = new("--length") { Description = "The length of the frame in bytes, without its check sequence.", HelpName = "BYTES" };
    private readonly Option<uint?> _ttl = new("--ttl") { Description = "The time to live of its packet.", HelpName = "N" };

    public ExplainCommand()
        : base("explain", "Explain what happens to a frame with a key, or to a described one, check by check.")
    {
        _key = new Argument<string?>("KEY") { HelpName = "KEY", Description = "The key of the entry; none to find it by the frame.", Arity = ArgumentArity.ZeroOrOne };
        _key.CompletionSources.Add(context => Completions.Names(context.ParseResult, "entries"));
        Add(_key);
        foreach (var option in new Option[] { _ingress, _vlan, _dst, _length, _ttl })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var request = new ExplainRequest { Devmap = call.Devmap };
        if (call.Get(_key) is { } key)
            request.Key = key;
        if (call.Get(_ingress) is { } ingress)
            request.Ingress = ingress;
        if (call.Get(_vlan) is { } vlan)
            request.Vlan = vlan;
        if (call.Get(_dst) is { } dst)
            request.Dst = dst;
        if (call.Get(_length) is { } length)
            request.Length = length;
        if (call.Get(_ttl) is { } ttl)
            request.Ttl = ttl;
        var explanation = await call.Client.ExplainAsync(request, call.Cancellation);
        if (!call.Printer.IsTable)
            call.Printer.Print(MessageJson.Of(explanation));
        else
            Print(call.Terminal, explanation);
        return explanation.Verdict.Outcome == ExplainOutcome.Leaves ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static void Print(Terminal terminal, Explanation explanation)
    {
        var frame = explanation.Frame;
        terminal.Out.WriteLine(
            $"devmap {explanation.Devmap}{(explanation.HasKey ? $", key {explanation.Key}" : "")}: a frame by {(frame.HasIngress ? frame.Ingress : "any interface")}, "
            + $"{(frame.Vlan == 0 ? "untagged" : $"VLAN {frame.Vlan}")}, {(frame.HasDst ? $"to {frame.Dst}" : "not IPv4")}, {frame.Bytes} bytes");
        var rows = explanation.Steps.Select((s, i) => new[]
        {
            $"{i + 1,2}", s.Status switch { ConditionStatus.True => "ok", ConditionStatus.False => "FAIL", _ => "Unknown" }, s.Type, s.Reason,
            s.Evidence.Count == 0 ? s.Message : $"{s.Message}  [{string.Join(", ", s.Evidence.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key} {e.Value}"))}]",
        }).ToList();
        var widths = TextTable.Widths(rows);
        foreach (var (step, row) in explanation.Steps.Zip(rows))
        {
            terminal.Out.WriteLine(TextTable.Line(row, widths, terminal.PaintState));
            if (step.Remedy is { } remedy)
                Remedies.Lines(remedy).ToList().ForEach(line => terminal.Out.WriteLine($"          {terminal.Paint(line, 36)}"));
        }

        var verdict = explanation.Verdict;
        var leaves = verdict.Outcome == ExplainOutcome.Leaves;
        terminal.Out.WriteLine($"{terminal.Paint(MessageJson.Word(verdict.Outcome).ToUpperInvariant(), leaves ? 32 : 31)} ({verdict.Reason}): {verdict.Message}");
    }
}
