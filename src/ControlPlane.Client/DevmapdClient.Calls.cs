using Devmapd.V1;

namespace ControlPlane.Client;

/// <summary>Calls that add nothing to their message.</summary>
public sealed partial class DevmapdClient
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<Devmap>> ListDevmapsAsync(CancellationToken cancellationToken = default) =>
        (await Devmaps.ListDevmapsAsync(new(), cancellationToken: cancellationToken)).Devmaps;

    /// <inheritdoc/>
    public async Task<Devmap> GetDevmapAsync(string devmap, CancellationToken cancellationToken = default) =>
        (await Devmaps.GetDevmapAsync(new() { Devmap = devmap }, cancellationToken: cancellationToken)).Devmap;

    /// <inheritdoc/>
    public async Task<ApplyStateResponse> ApplyStateAsync(ApplyStateRequest request, CancellationToken cancellationToken = default) =>
        await States.ApplyStateAsync(request, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<GetDevmapShapeResponse> GetDevmapShapeAsync(string devmap, CancellationToken cancellationToken = default) =>
        await Devmaps.GetDevmapShapeAsync(new() { Devmap = devmap }, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<Explanation> ExplainAsync(ExplainRequest request, CancellationToken cancellationToken = default) =>
        (await Devmaps.ExplainAsync(request, cancellationToken: cancellationToken)).Explanation;

    /// <inheritdoc/>
    public async Task<Entry> GetEntryAsync(string devmap, string key, CancellationToken cancellationToken = default) =>
        (await Devmaps.GetEntryAsync(new() { Devmap = devmap, Key = key }, cancellationToken: cancellationToken)).Entry;

    /// <inheritdoc/>
    public async Task<PutEntryResponse> PutEntryAsync(PutEntryRequest request, CancellationToken cancellationToken = default) =>
        await Devmaps.PutEntryAsync(request, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<ReplaceEntriesResponse> ReplaceEntriesAsync(
        ReplaceEntriesRequest request, CancellationToken cancellationToken = default) =>
        await Devmaps.ReplaceEntriesAsync(request, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<Confirmation> ConfirmEntriesAsync(string devmap, CancellationToken cancellationToken = default) =>
        (await Devmaps.ConfirmEntriesAsync(new() { Devmap = devmap }, cancellationToken: cancellationToken)).Confirmation;

    /// <inheritdoc/>
    public async Task<Confirmation> CancelEntriesAsync(string devmap, CancellationToken cancellationToken = default) =>
        (await Devmaps.CancelEntriesAsync(new() { Devmap = devmap }, cancellationToken: cancellationToken)).Confirmation;

    /// <inheritdoc/>
    public async Task<WaitEntriesResponse> WaitEntriesAsync(WaitEntriesRequest request, CancellationToken cancellationToken = default) =>
        await Devmaps.WaitEntriesAsync(request, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Attachment>> ListAttachmentsAsync(string devmap, CancellationToken cancellationToken = default) =>
        (await Devmaps.ListAttachmentsAsync(new() { Devmap = devmap }, cancellationToken: cancellationToken)).Attachments;

    /// <inheritdoc/>
    public async Task<Attachment> GetAttachmentAsync(string devmap, string interfaceName, CancellationToken cancellationToken = default) =>
        (await Devmaps.GetAttachmentAsync(new() { Devmap = devmap, Interface = interfaceName }, cancellationToken: cancellationToken)).Attachment;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<EgressProgram>> ListProgramsAsync(CancellationToken cancellationToken = default) =>
        (await Programs.ListProgramsAsync(new(), cancellationToken: cancellationToken)).Programs;

    /// <inheritdoc/>
    public async Task<EgressProgram> GetProgramAsync(string program, CancellationToken cancellationToken = default) =>
        (await Programs.GetProgramAsync(new() { Program = program }, cancellationToken: cancellationToken)).Program;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Lease>> ListLeasesAsync(CancellationToken cancellationToken = default) =>
        (await Leases.ListLeasesAsync(new(), cancellationToken: cancellationToken)).Leases;

    /// <inheritdoc/>
    public async Task<Lease> GetLeaseAsync(string lease, CancellationToken cancellationToken = default) =>
        (await Leases.GetLeaseAsync(new() { Lease = lease }, cancellationToken: cancellationToken)).Lease;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Token>> ListTokensAsync(CancellationToken cancellationToken = default) =>
        (await Tokens.ListTokensAsync(new(), cancellationToken: cancellationToken)).Tokens;

    /// <inheritdoc/>
    public async Task<Token> GetTokenAsync(string token, CancellationToken cancellationToken = default) =>
        (await Tokens.GetTokenAsync(new() { Token = token }, cancellationToken: cancellationToken)).Token;

    /// <inheritdoc/>
    public async Task<CreateTokenResponse> CreateTokenAsync(CreateTokenRequest request, CancellationToken cancellationToken = default) =>
        await Tokens.CreateTokenAsync(request, cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public async Task<RevertOutcome> RevertChangeAsync(
        long revision, bool force = false, bool dryRun = false, CancellationToken cancellationToken = default) =>
        (await Changes.RevertChangeAsync(new() { Revision = revision, Force = force, DryRun = dryRun }, cancellationToken: cancellationToken)).Outcome;

    /// <inheritdoc/>
    public async Task<RevertOutcome> RevertStateAsync(long revision, bool dryRun = false, CancellationToken cancellationToken = default) =>
        (await Changes.RevertStateAsync(new() { Revision = revision, DryRun = dryRun }, cancellationToken: cancellationToken)).Outcome;

    /// <inheritdoc/>
    public async Task<Host> GetHostAsync(CancellationToken cancellationToken = default) =>
        (await Host.GetHostAsync(new(), cancellationToken: cancellationToken)).Host;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Interface>> ListInterfacesAsync(CancellationToken cancellationToken = default) =>
        (await Host.ListInterfacesAsync(new(), cancellationToken: cancellationToken)).Interfaces;

    /// <inheritdoc/>
    public async Task<Interface> GetInterfaceAsync(string interfaceName, CancellationToken cancellationToken = default) =>
        (await Host.GetInterfaceAsync(new() { Interface = interfaceName }, cancellationToken: cancellationToken)).Interface;
}
