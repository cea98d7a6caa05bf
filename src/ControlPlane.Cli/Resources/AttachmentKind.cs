using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Resources;

/// <summary>Attachments.</summary>
internal sealed class AttachmentKind() : Kind<Attachment>("attachment", "attachments", "att", "a")
{
    /// <inheritdoc/>
    public override bool IsOfDevmap => true;

    /// <inheritdoc/>
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Columns<Attachment>.Of("DEVMAP", a => a.Devmap, wide: true),
        Columns<Attachment>.Of("INTERFACE", a => a.Interface),
        Columns<Attachment>.Of("MODE", Mode),
        Columns<Attachment>.Of("STATE", a => MessageJson.Word(a.Status.State)),
        Columns<Attachment>.Of("PROMISCUOUS", a => MessageJson.Word(a.Spec.Promiscuous), wide: true),
        Columns<Attachment>.Of("OWNER", a => a.Spec.Owner, wide: true),
        Columns<Attachment>.Of("LEASE", a => a.Spec.Lease, wide: true),
        Columns<Attachment>.Of("LABELS", a => Readable.Labels(a.Spec.Labels), wide: true),
        Columns<Attachment>.Of("REVISION", a => $"{a.Revision}", wide: true),
        Columns<Attachment>.Of("REASON", a => Readable.Reason(a.Status.Conditions)),
    ];

    /// <inheritdoc/>
    public override IMessage NewSpec() => new AttachmentSpec();

    /// <inheritdoc/>
    public override async IAsyncEnumerable<IMessage> ListAsync(Call call, Query query)
    {
        foreach (var attachment in await call.Client.ListAttachmentsAsync(query.Devmap, call.Cancellation))
        {
            if (attachment.Spec.Labels.Has(query.Labels) && (query.Owner is null || query.Owner == attachment.Spec.Owner)
                && (query.Interface is null || query.Interface == attachment.Interface) && (query.State is null || query.State == MessageJson.Word(attachment.Status.State)))
                yield return attachment;
        }
    }

    /// <inheritdoc/>
    public override async Task<IMessage> GetAsync(Call call, string devmap, string name) => await call.Client.GetAttachmentAsync(devmap, name, call.Cancellation);

    /// <inheritdoc/>
    public override async Task<IMessage> PutAsync(Call call, string devmap, string name, IMessage spec, WriteOptions options) =>
        await call.Client.PutAttachmentAsync(devmap, name, (AttachmentSpec)spec, allowPending: true, options.ExpectedRevision, options.Force, call.Cancellation);

    /// <inheritdoc/>
    public override Task DeleteAsync(Call call, string devmap, string name, WriteOptions options) =>
        call.Client.DeleteAttachmentAsync(devmap, name, options.ExpectedRevision, options.Owner, options.Force, call.Cancellation);

    /// <inheritdoc/>
    protected override string NameOf(Attachment item) => item.Interface;

    /// <inheritdoc/>
    protected override string ResourceOf(Attachment item) => $"devmaps/{item.Devmap}/attachments/{item.Interface}";

    // The mode that was asked for, and the one that it is.
    private static string Mode(Attachment attachment)
    {
        var (asked, has) = (MessageJson.Word(attachment.Spec.Mode), attachment.Status.HasMode ? MessageJson.Word(attachment.Status.Mode) : null);
        return has is null || has == asked ? asked : $"{asked} ({has})";
    }
}
