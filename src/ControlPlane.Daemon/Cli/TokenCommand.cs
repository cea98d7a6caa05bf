using System.CommandLine;
using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary><c>devmapd token</c>: creates, lists and deletes tokens, through the daemon that runs and over its unix socket.</summary>
internal sealed class TokenCommand : DaemonCommand
{
    public TokenCommand() : base("token", "Creates, lists and deletes tokens, over the unix socket of the daemon that runs.")
    {
        Add(new CreateCommand());
        Add(new ListCommand());
        Add(new DeleteCommand());
    }

    /// <inheritdoc/>
    public override Task<int> RunAsync(CommandCall call) =>
        throw new StartRefusedException(ExitCodes.Usage, $"Say which: {string.Join(", ", Subcommands.Select(c => $"devmapd token {c.Name}"))}.");

    /// <summary><c>devmapd token create</c>: prints the secret, alone on standard output.</summary>
    internal sealed class CreateCommand : DaemonCommand
    {
        private readonly Argument<string> _name = new("NAME") { Description = "The name of the token, which must be free." };
        private readonly Option<Role> _role = new("--role") { Description = "The role: viewer, operator or admin.", HelpName = "ROLE", Required = true };
        private readonly Option<string?> _expires = new("--expires") { Description = "When it ends: a time, or a span from now such as 12h or 30d. Never by default.", HelpName = "TIME" };
        private readonly Option<string[]> _devmaps = new("--devmap") { Description = "Limits it to entries of this devmap. Can be repeated.", HelpName = "NAME" };
        private readonly Option<string[]> _owners = new("--owner") { Description = "Limits it to entries of this owner. Can be repeated.", HelpName = "OWNER" };
        private readonly Option<string[]> _keys = new("--keys") { Description = "Limits it to the keys FROM to TO of a devmap, both included. Can be repeated.", HelpName = "DEVMAP:FROM-TO" };

        public CreateCommand() : base("create", "Creates a token and prints its secret, which is shown this once.")
        {
            Add(_name);
            foreach (var option in new Option[] { _role, _expires, _devmaps, _owners, _keys })
                Add(option);
        }

        /// <inheritdoc/>
        public override async Task<int> RunAsync(CommandCall call)
        {
            var given = call.Options;
            var limits = new TokenLimits(given.GetValue(_devmaps) ?? [], given.GetValue(_owners) ?? [], [.. (given.GetValue(_keys) ?? []).Select(RangeOf)]);
            var request = new TokenRequest(
                given.GetValue(_name)!, given.GetValue(_role), given.GetValue(_expires) is { } end ? TimeOf(end) : null, limits.AreNone ? null : limits, null, null);
            using var daemon = new RunningDaemon(call.Arguments);
            var created = await daemon.SendAsync(HttpMethod.Post, "/v1/tokens", JsonContent.Create(request, RestJson.Instance.TokenRequest));
            Console.Out.WriteLine(created!["secret"]!.GetValue<string>());
            return ExitCodes.Ok;
        }

        private static KeyRange RangeOf(string text)
        {
            var (colon, dash) = (text.IndexOf(':', StringComparison.Ordinal), text.LastIndexOf('-'));
            return colon > 0 && dash > colon
                ? new KeyRange(text[..colon], text[(colon + 1)..dash], text[(dash + 1)..])
                : throw new StartRefusedException(ExitCodes.Usage, $"'{text}' is not of the form DEVMAP:FROM-TO.");
        }

        private static DateTimeOffset TimeOf(string text)
        {
            if (text.Length > 1 && double.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count < 1e6)
            {
                TimeSpan? span = text[^1] switch { 'm' => TimeSpan.FromMinutes(count), 'h' => TimeSpan.FromHours(count), 'd' => TimeSpan.FromDays(count), _ => null };
                if (span is { } ahead)
                    return TimeProvider.System.GetUtcNow() + ahead;
            }

            return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw new StartRefusedException(ExitCodes.Usage, $"'{text}' is neither a time nor a span such as 30m, 12h or 30d.");
        }
    }

    /// <summary><c>devmapd token list</c>.</summary>
    internal sealed class ListCommand() : DaemonCommand("list", "Lists the tokens, without their secrets.")
    {
        /// <inheritdoc/>
        public override async Task<int> RunAsync(CommandCall call)
        {
            using var daemon = new RunningDaemon(call.Arguments);
            foreach (var token in (await daemon.SendAsync(HttpMethod.Get, "/v1/tokens"))!["tokens"]!.AsArray())
            {
                var spec = token!["spec"]!;
                var end = spec["expireTime"] is { } time ? $"until {time}" : "without end";
                Console.Out.WriteLine($"{token["name"]}  {spec["role"]}  {token["status"]!["state"]}  {end}{(spec["limits"] is { } limits ? $"  {limits.ToJsonString()}" : "")}");
            }

            return ExitCodes.Ok;
        }
    }

    /// <summary><c>devmapd token delete</c>.</summary>
    internal sealed class DeleteCommand : DaemonCommand
    {
        private readonly Argument<string> _name = new("NAME") { Description = "The name of the token." };

        public DeleteCommand() : base("delete", "Deletes a token. Requests that carry it are refused from then on.") => Add(_name);

        /// <inheritdoc/>
        public override async Task<int> RunAsync(CommandCall call)
        {
            using var daemon = new RunningDaemon(call.Arguments);
            await daemon.SendAsync(HttpMethod.Delete, $"/v1/tokens/{Uri.EscapeDataString(call.Options.GetValue(_name)!)}");
            return ExitCodes.Ok;
        }
    }
}
