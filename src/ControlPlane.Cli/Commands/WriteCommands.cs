using System.CommandLine;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Option = System.CommandLine.Option;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl set</c>: creates or changes an entry.</summary>
internal sealed class SetCommand : CtlCommand
{
    private readonly Argument<string> _key = CommonOptions.Key();
    private readonly Argument<string> _interface = CommonOptions.Interface(description: "The interface that frames leave by.");
    private readonly Option<string?> _program = new("--egress-program") { Description = "The egress program; none by default.", HelpName = "NAME" };
    private readonly Option<string[]> _labels = new("--label") { Description = "A label of the entry. Can be repeated.", HelpName = "NAME=VALUE" };
    private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the entry.");
    private readonly Option<string?> _lease = new("--lease") { Description = "The lease that the entry ends with.", HelpName = "NAME" };
    private readonly Option<string[]> _actions = new("--action") { Description = "An action on the frames: sourceMac=MAC, destinationMac=MAC, setVlan=ID, pushVlan=ID, popVlan, decrementTtl. Can be repeated.", HelpName = "ACTION" };
    private readonly Option<bool> _allowPending = new("--allow-pending") { Description = "Interfaces may be missing; the entry is then Pending." };
    private readonly Option<bool> _wait = new("--wait") { Description = "Wait until the entry forwards." };
    private readonly Option<string> _timeout = CommonOptions.Timeout();
    private readonly Option<long?> _revision = new("--revision") { Description = "Only if the entry has this revision; 0: only if it does not exist.", HelpName = "N" };
    private readonly Option<bool> _force = CommonOptions.Force();

    public SetCommand()
        : base("set", "Create or change an entry: frames with KEY leave by INTERFACE.")
    {
        Add(_key);
        Add(_interface);
        foreach (var option in new Option[] { _program, _actions, _labels, _owner, _lease, _allowPending, _wait, _timeout, _revision, _force })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var spec = new EntrySpec { Interface = call.Get(_interface)! };
        if (call.Get(_program) is { } program)
            spec.EgressProgram = program;
        if (call.Get(_owner) is { } owner)
            spec.Owner = owner;
        if (call.Get(_lease) is { } lease)
            spec.Lease = lease;
        foreach (var (name, value) in CommonOptions.Labels(call.Get(_labels)))
            spec.Labels[name] = value;
        if (call.Get(_actions) is { Length: > 0 } actions)
            spec.Actions = ActionsOf(actions);
        var request = new PutEntryRequest
        {
            Devmap = call.Devmap, Key = call.Get(_key)!, Spec = spec, AllowPending = call.Get(_allowPending) || call.Get(_wait), Force = call.Get(_force),
        };
        if (call.Get(_revision) is { } revision)
            request.ExpectedRevision = revision;
        if (call.Get(_wait))
            (request.Wait, request.Timeout) = (WaitState.Forwarding, Duration.FromTimeSpan(CommonOptions.Span(call.Get(_timeout)!)));
        var answer = await call.Client.PutEntryAsync(request, call.Cancellation);
        Written.Print(call, Kinds.Entry, answer.Entry, $"{MessageJson.Word(answer.Entry.Status.State)}", answer.Created, answer.Entry.Status.Conditions);
        return answer is { HasWaitSatisfied: true, WaitSatisfied: false } ? ExitCodes.TimedOut : ExitCodes.Ok;
    }

    private static EntryActions ActionsOf(string[] texts)
    {
        var (actions, errors) = (new EntryActions(), new List<string>());
        var json = new System.Text.Json.Nodes.JsonObject();
        foreach (var text in texts)
            json[text.Split('=')[0]] = text.Split('=', 2) is [_, var value] ? value : true;
        MessageJson.Read(json, actions, errors);
        return errors.Count == 0 ? actions : throw CommandFailedException.Usage(string.Join('\n', errors));
    }
}

/// <summary><c>devmapctl attach</c>: attaches the redirect program to an interface.</summary>
internal sealed class AttachCommand : CtlCommand
{
    private readonly Argument<string> _interface = CommonOptions.Interface(description: "The interface that frames arrive on.");
    private readonly Option<string> _mode = new("--mode") { Description = "Where the program runs: auto, native, generic or tcx.", HelpName = "MODE", DefaultValueFactory = _ => "auto" };
    private readonly Option<string> _promiscuous = new("--promiscuous") { Description = "Whether the interface takes frames for all addresses: auto, on or off.", HelpName = "WHEN", DefaultValueFactory = _ => "auto" };
    private readonly Option<string[]> _labels = new("--label") { Description = "A label of the attachment. Can be repeated.", HelpName = "NAME=VALUE" };
    private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the attachment.");
    private readonly Option<string?> _lease = new("--lease") { Description = "The lease that the attachment ends with.", HelpName = "NAME" };
    private readonly Option<bool> _allowPending = new("--allow-pending") { Description = "The interface may be missing; the attachment is then Pending." };
    private readonly Option<bool> _force = CommonOptions.Force();

    public AttachCommand()
        : base("attach", "Run a devmap's redirect program on frames that arrive on an interface.")
    {
        Add(_interface);
        _mode.AcceptOnlyFromAmong("auto", "native", "generic", "tcx");
        _promiscuous.AcceptOnlyFromAmong("auto", "on", "off");
        foreach (var option in new Option[] { _mode, _promiscuous, _labels, _owner, _lease, _allowPending, _force })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var spec = new AttachmentSpec
        {
            Mode = call.Get(_mode) switch { "native" => AttachMode.Native, "generic" => AttachMode.Generic, "tcx" => AttachMode.Tcx, _ => AttachMode.Auto },
            Promiscuous = call.Get(_promiscuous) switch { "on" => Promiscuous.On, "off" => Promiscuous.Off, _ => Promiscuous.Auto },
        };
        if (call.Get(_owner) is { } owner)
            spec.Owner = owner;
        if (call.Get(_lease) is { } lease)
            spec.Lease = lease;
        foreach (var (name, value) in CommonOptions.Labels(call.Get(_labels)))
            spec.Labels[name] = value;
        var attachment = await call.Client.PutAttachmentAsync(
            call.Devmap, call.Get(_interface)!, spec, call.Get(_allowPending), force: call.Get(_force), cancellationToken: call.Cancellation);
        var mode = attachment.Status.HasMode ? $" in {MessageJson.Word(attachment.Status.Mode)} mode" : "";
        Written.Print(call, Kinds.Attachment, attachment, $"{MessageJson.Word(attachment.Status.State)}{mode}", false, attachment.Status.Conditions);
        return ExitCodes.Ok;
    }
}

/// <summary><c>devmapctl detach</c>: detaches the redirect program from an interface.</summary>
internal sealed class DetachCommand : CtlCommand
{
    private readonly Argument<string> _interface = CommonOptions.Interface(description: "The ingress interface.");
    private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the attachment.");
    private readonly Option<bool> _force = CommonOptions.Force();

    public DetachCommand()
        : base("detach", "Stop a devmap's redirect program on an interface.")
    {
        Add(_interface);
        Add(_owner);
        Add(_force);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var name = call.Get(_interface)!;
        await call.Client.DeleteAttachmentAsync(call.Devmap, name, owner: call.Get(_owner), force: call.Get(_force), cancellationToken: call.Cancellation);
        call.Out.WriteLine($"devmaps/{call.Devmap}/attachments/{name} deleted");
        return ExitCodes.Ok;
    }
}

/// <summary><c>devmapctl delete</c>: deletes resources by name or by label.</summary>
internal sealed class DeleteCommand : CtlCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind();
    private readonly Argument<string[]> _names;
    private readonly Option<string[]> _labels = CommonOptions.Selector();
    private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the resources.");
    private readonly Option<bool> _force = CommonOptions.Force();
    private readonly Option<bool> _ignore = new("--ignore-not-found") { Description = "A resource that does not exist is no error." };

    public DeleteCommand()
        : base("delete", "Delete resources.")
    {
        _names = CommonOptions.Names(ArgumentArity.ZeroOrMore, _kind);
        Add(_kind);
        Add(_names);
        foreach (var option in new Option[] { _labels, _owner, _force, _ignore })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (kind, devmap, names) = CommonOptions.Resource(call.Get(_kind)!, call.Get(_names));
        var labels = call.Get(_labels) ?? [];
        if (names.Count == 0 && labels.Length == 0)
            throw CommandFailedException.Usage($"Say which {kind.Plural}: names, or labels with -l.");
        devmap ??= kind.IsOfDevmap ? call.Devmap : "";
        var options = new WriteOptions(null, call.Get(_owner), call.Get(_force));
        if (labels.Length > 0)
        {
            var found = new List<string>();
            await foreach (var item in kind.ListAsync(call, new Query(devmap) { Labels = labels, Owner = call.Get(_owner) }))
                found.Add(kind.NameOf(item));
            names = names.Count == 0 ? found : [.. names.Intersect(found)];
        }

        foreach (var name in names)
            await DeleteAsync(call, kind, devmap, name, options);
        return ExitCodes.Ok;
    }

    private async Task DeleteAsync(Call call, Kind kind, string devmap, string name, WriteOptions options)
    {
        var resource = kind.IsOfDevmap ? $"devmaps/{devmap}/{kind.Plural}/{name}" : $"{kind.Plural}/{name}";
        try
        {
            await kind.DeleteAsync(call, devmap, name, options);
            call.Out.WriteLine($"{resource} deleted");
        }
        catch (Client.DevmapdException e) when (call.Get(_ignore) && e.Code?.EndsWith("_not_found", StringComparison.Ordinal) == true)
        {
            call.Out.WriteLine($"{resource} did not exist");
        }
    }
}

/// <summary>Prints what a command has written.</summary>
internal static class Written
{
    /// <summary>Prints the resource in the form that was asked for. For people: one line, and why it is not as it must be.</summary>
    public static void Print(Call call, Kind kind, IMessage item, string state, bool created, IEnumerable<Condition> conditions)
    {
        if (!call.Printer.IsTable)
        {
            call.Printer.Print(kind, item);
            return;
        }

        var words = state.Split(' ', 2);
        call.Out.WriteLine($"{kind.ResourceOf(item)} {(created ? "created" : "written")}: {string.Join(' ', [call.Terminal.PaintState(words[0]), .. words[1..]])}");
        foreach (var condition in conditions.Where(c => c.Status != ConditionStatus.True))
        {
            call.Out.WriteLine($"  {call.Terminal.PaintState(condition.Type)} {condition.Reason}: {condition.Message}");
            if (condition.Remedy is { } remedy)
                Remedies.Lines(remedy).ToList().ForEach(line => call.Out.WriteLine($"    {call.Terminal.Paint(line, 36)}"));
        }
    }
}
