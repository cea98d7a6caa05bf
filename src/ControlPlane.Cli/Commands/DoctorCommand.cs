using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl doctor</c>: each condition that does not hold, once, with what mends it.</summary>
internal sealed partial class DoctorCommand : CtlCommand
{
    private readonly Option<bool> _fix = new("--fix") { Description = "Run the commands that mend it, where this is safe: ip, ethtool and devmapctl, on this host." };

    public DoctorCommand()
        : base("doctor", "Show what is not as it must be, each problem once, with the command that mends it.") => Add(_fix);

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var problems = await FindAsync(call);
        Print(call, problems);
        if (problems.Count > 0 && call.Get(_fix))
        {
            foreach (var command in problems.SelectMany(p => p.Remedy is { } remedy ? Remedies.Commands(remedy) : []).Distinct())
                await RunAsync(call, command);
            problems = await FindAsync(call);
            call.Out.WriteLine();
            Print(call, problems);
        }

        return problems.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
    }

    private static async Task<List<Problem>> FindAsync(Call call)
    {
        var found = new Problems();
        var host = await call.Client.GetHostAsync(call.Cancellation);
        found.Add("host", host.Conditions);
        foreach (var devmap in await call.Client.ListDevmapsAsync(call.Cancellation))
        {
            found.Add($"devmaps/{devmap.Name}", devmap.Status.Conditions);
            foreach (var attachment in await call.Client.ListAttachmentsAsync(devmap.Name, call.Cancellation))
                found.Add(Kinds.Attachment.ResourceOf(attachment), attachment.Status.Conditions);
            await foreach (var entry in call.Client.StreamEntriesAsync(new StreamEntriesRequest { Devmap = devmap.Name }, call.Cancellation))
                found.Add(Kinds.Entry.ResourceOf(entry), entry.Status.Conditions);
        }

        return found.All;
    }

    private static void Print(Call call, List<Problem> problems)
    {
        if (!call.Printer.IsTable)
        {
            foreach (var problem in problems)
                call.Printer.Print(MessageJson.Of(problem.Condition));
            return;
        }

        if (problems.Count == 0)
            call.Out.WriteLine(call.Terminal.Paint("Everything is as it must be.", 32));
        foreach (var problem in problems)
        {
            var condition = problem.Condition;
            call.Out.WriteLine($"{call.Terminal.PaintState(MessageJson.Word(condition.Status))} {condition.Type} ({condition.Reason}): {condition.Message}");
            call.Out.WriteLine($"      {problem.Resources[0]}{(problem.Resources.Count > 1 ? $" and {problem.Resources.Count - 1} more" : "")}");
            if (condition.Remedy is { } remedy)
                Remedies.Lines(remedy).ToList().ForEach(line => call.Out.WriteLine($"      {call.Terminal.Paint(line, 36)}"));
        }
    }

    private static async Task RunAsync(Call call, string command)
    {
        if (!MayRun().IsMatch(command) || !call.Address.StartsWith("unix:", StringComparison.Ordinal))
        {
            call.Out.WriteLine($"left to you: {command}");
            return;
        }

        call.Out.WriteLine($"running: {command}");
        if (command.StartsWith("devmapctl ", StringComparison.Ordinal))
        {
            await Devmapctl.RunAsync([.. command.Split(' ')[1..], "--address", call.Address], call.Terminal, call.Cancellation);
            return;
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo(command.Split(' ')[0], command.Split(' ')[1..]))!;
            await process.WaitForExitAsync(call.Cancellation);
            if (process.ExitCode != 0)
                call.Terminal.Warn($"'{command}' ended with {process.ExitCode}");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            call.Terminal.Warn($"'{command}': {e.Message}");
        }
    }

    // Plain words, so that no shell is needed. Nothing that deletes.
    [GeneratedRegex(@"^(ip (-n [\w.-]+ )?link set |ip netns exec [\w.-]+ ethtool -K |ethtool -K |devmapctl (attach|audit) )[\w .:/-]+$")]
    private static partial Regex MayRun();

    /// <summary>A condition that does not hold, and what it is about.</summary>
    private sealed record Problem(Condition Condition, List<string> Resources)
    {
        public Remedy? Remedy => Condition.Remedy;
    }

    /// <summary>Joins conditions that say the same.</summary>
    private sealed class Problems
    {
        private readonly Dictionary<(string Type, string Reason, string Message), Problem> _found = [];

        public List<Problem> All => [.. _found.Values.OrderBy(p => p.Condition.Status != ConditionStatus.False)];

        public void Add(string resource, IEnumerable<Condition> conditions)
        {
            foreach (var condition in conditions.Where(c => c.Status != ConditionStatus.True))
            {
                var key = (condition.Type, condition.Reason, condition.Message);
                if (!_found.TryGetValue(key, out var problem))
                    _found[key] = problem = new Problem(condition, []);
                problem.Resources.Add(resource);
            }
        }
    }
}
