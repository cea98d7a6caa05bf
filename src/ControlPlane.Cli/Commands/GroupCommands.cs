using System.CommandLine;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Option = System.CommandLine.Option;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl program</c>: egress programs.</summary>
internal static class ProgramCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static GroupCommand Group() => new("program", "Make egress programs, and say which interfaces carry them.", new Set(), new Use());

    private sealed class Set : CtlCommand
    {
        private readonly Argument<string> _name = new("NAME") { HelpName = "NAME", Description = "The name of the program." };
        // Each template of the contract, under its name in REST and in files.
        private static readonly Dictionary<string, EgressTemplate> Templates = System.Enum.GetValues<EgressTemplate>().Where(t => t != default)
            .ToDictionary(t => char.ToLowerInvariant(t.ToString()[0]) + t.ToString()[1..], StringComparer.Ordinal);

        private readonly Argument<string> _template = new("TEMPLATE") { HelpName = "TEMPLATE", Description = $"The template: {string.Join(", ", Templates.Keys)}." };
        private readonly Option<string?> _source = new("--source-mac") { Description = "The source address that rewriteMac sets.", HelpName = "MAC" };
        private readonly Option<string?> _destination = new("--destination-mac") { Description = "The destination address that rewriteMac sets.", HelpName = "MAC" };
        private readonly Option<uint?> _vlan = new("--vlan") { Description = "The VLAN id that pushVlan adds.", HelpName = "ID" };
        private readonly Option<string[]> _labels = new("--label") { Description = "A label of the program. Can be repeated.", HelpName = "NAME=VALUE" };
        private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the program.");
        private readonly Option<bool> _force = CommonOptions.Force();

        public Set()
            : base("set", "Create or change an egress program.")
        {
            Add(_name);
            Add(_template);
            _template.AcceptOnlyFromAmong([.. Templates.Keys]);
            foreach (var option in new Option[] { _source, _destination, _vlan, _labels, _owner, _force })
                Add(option);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            var spec = new EgressProgramSpec
            {
                Template = Templates[call.Get(_template)!],
            };
            var values = new EgressProgramParameters();
            if (call.Get(_source) is { } source)
                values.SourceMac = source;
            if (call.Get(_destination) is { } destination)
                values.DestinationMac = destination;
            if (call.Get(_vlan) is { } vlan)
                values.VlanId = vlan;
            if (values.CalculateSize() > 0)
                spec.Parameters = values;
            if (call.Get(_owner) is { } owner)
                spec.Owner = owner;
            foreach (var (name, value) in CommonOptions.Labels(call.Get(_labels)))
                spec.Labels[name] = value;
            var program = await call.Client.PutProgramAsync(call.Get(_name)!, spec, force: call.Get(_force), cancellationToken: call.Cancellation);
            Written.Print(call, Kinds.Program, program, MessageJson.Word(program.Spec.Template), false, []);
            return ExitCodes.Ok;
        }
    }

    private sealed class Use : CtlCommand
    {
        private readonly Argument<string> _interface = CommonOptions.Interface(description: "The egress interface.");
        private readonly Argument<string> _program = new("PROGRAM") { HelpName = "PROGRAM", Description = "The egress program; 'none' for none." };

        public Use()
            : base("use", "Have all entries for an interface carry an egress program, or none.")
        {
            Add(_interface);
            _program.CompletionSources.Add(context => Completions.Names(context.ParseResult, "programs"));
            Add(_program);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            var answer = await call.Client.SetEgressProgramAsync(
                call.Get(_interface)!, call.Get(_program) is "none" ? null : call.Get(_program), cancellationToken: call.Cancellation);
            if (call.Printer.IsTable)
                call.Out.WriteLine($"interfaces/{answer.Interface}: {answer.Changed} entries changed");
            else
                call.Printer.Print(MessageJson.Of(answer));
            return ExitCodes.Ok;
        }
    }
}

/// <summary><c>devmapctl lease</c>: leases.</summary>
internal static class LeaseCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static GroupCommand Group() => new("lease", "Make leases and keep them alive.", new Set(), new Hold());

    private static async Task<Lease> PutAsync(Call call, Argument<string> name, Option<string> ttl, Option<string?> owner)
    {
        var spec = new LeaseSpec { Ttl = Duration.FromTimeSpan(CommonOptions.Span(call.Get(ttl)!)) };
        if (call.Get(owner) is { } who)
            spec.Owner = who;
        return await call.Client.PutLeaseAsync(call.Get(name)!, spec, cancellationToken: call.Cancellation);
    }

    private static Option<string> Ttl() => new("--ttl") { Description = "Its time. 30s unless given.", HelpName = "TIME", DefaultValueFactory = _ => "30s" };

    private sealed class Set : CtlCommand
    {
        private readonly Argument<string> _name = new("NAME") { HelpName = "NAME", Description = "The name of the lease." };
        private readonly Option<string> _ttl = Ttl();
        private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the lease.");

        public Set()
            : base("set", "Create or change a lease, and give it its full time.")
        {
            Add(_name);
            Add(_ttl);
            Add(_owner);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            var lease = await PutAsync(call, _name, _ttl, _owner);
            Written.Print(call, Kinds.Of("lease"), lease, $"until {Readable.Time(lease.Status.ExpireTime)}", false, []);
            return ExitCodes.Ok;
        }
    }

    private sealed class Hold : CtlCommand
    {
        private readonly Argument<string> _name = new("NAME") { HelpName = "NAME", Description = "The name of the lease." };
        private readonly Option<string> _ttl = Ttl();
        private readonly Option<string?> _owner = CommonOptions.Owner("The owner of the lease.");

        public Hold()
            : base("hold", "Create a lease, and keep it alive until this command ends. The lease ends with it, and what names the lease.")
        {
            Add(_name);
            Add(_ttl);
            Add(_owner);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            await using var lease = await Client.DevmapClientExtensions.HoldLeaseAsync(
                call.Client, call.Get(_name)!, CommonOptions.Span(call.Get(_ttl)!), call.Get(_owner), cancellationToken: call.Cancellation);
            call.Terminal.Error.WriteLine($"leases/{lease.Name} is held; Ctrl-C ends it.");
            using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation, lease.Lost);
            await Task.Delay(Timeout.InfiniteTimeSpan, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return lease.Lost.IsCancellationRequested ? throw new CommandFailedException(ExitCodes.Failed, $"leases/{lease.Name} has ended.") : ExitCodes.Ok;
        }
    }
}

/// <summary><c>devmapctl token</c>: tokens.</summary>
internal static class TokenCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static GroupCommand Group() => new("token", "Create, list and delete tokens.", new Create(), new List(), new Delete());

    private sealed class Create : CtlCommand
    {
        private readonly Argument<string> _name = new("NAME") { HelpName = "NAME", Description = "The name of the token, which must be free." };
        private readonly Option<string> _role = new("--role") { Description = "The role: viewer, operator or admin.", HelpName = "ROLE", Required = true };
        private readonly Option<string?> _expires = new("--expires") { Description = "When it ends: a span from now such as 12h or 30d. Never by default.", HelpName = "TIME" };
        private readonly Option<string[]> _devmaps = new("--limit-devmap") { Description = "Limits it to entries of this devmap. Can be repeated.", HelpName = "NAME" };
        private readonly Option<string[]> _owners = new("--limit-owner") { Description = "Limits it to entries of this owner. Can be repeated.", HelpName = "OWNER" };
        private readonly Option<string[]> _keys = new("--limit-keys") { Description = "Limits it to the keys FROM to TO of a devmap, both included. Can be repeated.", HelpName = "DEVMAP:FROM-TO" };

        public Create()
            : base("create", "Create a token and print its secret, which is shown this once.")
        {
            Add(_name);
            _role.AcceptOnlyFromAmong("viewer", "operator", "admin");
            foreach (var option in new Option[] { _role, _expires, _devmaps, _owners, _keys })
                Add(option);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            var request = new CreateTokenRequest
            {
                Name = call.Get(_name)!,
                Role = call.Get(_role) switch { "viewer" => Role.Viewer, "operator" => Role.Operator, _ => Role.Admin },
            };
            if (call.Get(_expires) is { } span)
                request.ExpireTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow + CommonOptions.Span(span));
            var limits = new TokenLimits
            {
                Devmaps = { call.Get(_devmaps) ?? [] }, Owners = { call.Get(_owners) ?? [] }, KeyRanges = { (call.Get(_keys) ?? []).Select(RangeOf) },
            };
            if (limits.CalculateSize() > 0)
                request.Limits = limits;
            var answer = await call.Client.CreateTokenAsync(request, call.Cancellation);
            if (call.Printer.IsTable)
                call.Out.WriteLine(answer.Secret);
            else
                call.Printer.Print(MessageJson.Of(answer));
            return ExitCodes.Ok;
        }

        private static KeyRange RangeOf(string text)
        {
            var (colon, dash) = (text.IndexOf(':', StringComparison.Ordinal), text.LastIndexOf('-'));
            return colon > 0 && dash > colon
                ? new KeyRange { Devmap = text[..colon], From = text[(colon + 1)..dash], To = text[(dash + 1)..] }
                : throw CommandFailedException.Usage($"'{text}' is not of the form DEVMAP:FROM-TO.");
        }
    }

    private sealed class List() : CtlCommand("list", "List the tokens, without their secrets.")
    {
        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            await call.Printer.PrintAsync(Kinds.Token, Kinds.Token.ListAsync(call, new Query("")));
            return ExitCodes.Ok;
        }
    }

    private sealed class Delete : CtlCommand
    {
        private readonly Argument<string> _name = new("NAME") { HelpName = "NAME", Description = "The name of the token." };

        public Delete()
            : base("delete", "Delete a token. Requests that carry it are refused from then on.")
        {
            _name.CompletionSources.Add(context => Completions.Names(context.ParseResult, "tokens"));
            Add(_name);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(Call call)
        {
            await call.Client.DeleteTokenAsync(call.Get(_name)!, cancellationToken: call.Cancellation);
            call.Out.WriteLine($"tokens/{call.Get(_name)} deleted");
            return ExitCodes.Ok;
        }
    }
}

/// <summary><c>devmapctl context</c>: the daemons that devmapctl can talk to.</summary>
internal static class ContextCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static GroupCommand Group() => new("context", "Choose the daemon to talk to.", new List(), new Use(), new Set(), new Delete());

    private static Argument<string> Name()
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "The name of the context." };
        name.CompletionSources.Add(_ => ContextFile.Load().Contexts.Keys.Select(k => new System.CommandLine.Completions.CompletionItem(k)));
        return name;
    }

    private sealed class List() : CtlCommand("list", "List the contexts.")
    {
        /// <inheritdoc/>
        public override Task<int> RunAsync(Call call)
        {
            var file = ContextFile.Load();
            List<string[]> rows = [["", "NAME", "ADDRESS", "DEVMAP"], .. file.Contexts.Select(c => new[] { c.Key == file.Current ? "*" : "", c.Key, c.Value.Address, c.Value.Devmap ?? "-" })];
            TextTable.Lines(rows).ToList().ForEach(call.Out.WriteLine);
            return Task.FromResult(ExitCodes.Ok);
        }
    }

    private sealed class Use : CtlCommand
    {
        private readonly Argument<string> _name = Name();

        public Use()
            : base("use", "Use a context from now on; 'none' for the unix socket of this host.") => Add(_name);

        /// <inheritdoc/>
        public override Task<int> RunAsync(Call call)
        {
            var (file, name) = (ContextFile.Load(), call.Get(_name)!);
            if (name != "none" && !file.Contexts.ContainsKey(name))
                throw CommandFailedException.Usage($"There is no context '{name}' in {file.Path}.");
            file.Current = name == "none" ? null : name;
            file.Save();
            return Task.FromResult(ExitCodes.Ok);
        }
    }

    private sealed class Set : CtlCommand
    {
        private readonly Argument<string> _name = Name();
        private readonly Option<string?> _certificate = new("--certificate") { Description = "The client's certificate, a PEM file.", HelpName = "FILE" };
        private readonly Option<string?> _key = new("--key") { Description = "The key of the certificate, a PEM file.", HelpName = "FILE" };
        private readonly Option<string?> _authority = new("--authority") { Description = "The authorities of the daemon's certificate, a PEM file.", HelpName = "FILE" };

        public Set()
            : base("set", "Add or replace a context: --address, and --token-file or a certificate.")
        {
            Add(_name);
            foreach (var option in new Option[] { _certificate, _key, _authority })
                Add(option);
        }

        /// <inheritdoc/>
        public override Task<int> RunAsync(Call call)
        {
            var address = call.Get(GlobalOptions.Address) ?? throw CommandFailedException.Usage("A context needs --address.");
            var file = ContextFile.Load();
            file.Set(call.Get(_name)!, new Context(address)
            {
                TokenFile = Full(call.Get(GlobalOptions.TokenFile)),
                Certificate = Full(call.Get(_certificate)),
                Key = Full(call.Get(_key)),
                Authority = Full(call.Get(_authority)),
                Devmap = call.Get(GlobalOptions.Devmap),
            });
            file.Save();
            return Task.FromResult(ExitCodes.Ok);
        }

        private static string? Full(string? path) => path is null ? null : Path.GetFullPath(path);
    }

    private sealed class Delete : CtlCommand
    {
        private readonly Argument<string> _name = Name();

        public Delete()
            : base("delete", "Remove a context.") => Add(_name);

        /// <inheritdoc/>
        public override Task<int> RunAsync(Call call)
        {
            var file = ContextFile.Load();
            if (!file.Remove(call.Get(_name)!))
                throw CommandFailedException.Usage($"There is no context '{call.Get(_name)}' in {file.Path}.");
            if (file.Current == call.Get(_name))
                file.Current = null;
            file.Save();
            return Task.FromResult(ExitCodes.Ok);
        }
    }
}
