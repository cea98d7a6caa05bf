namespace ControlPlane.Core.Model;

/// <summary>The egress programs one can instantiate. The values are those of <c>bpf/devmapd.h</c>.</summary>
public abstract class EgressTemplate : OpenSetMember
{
    private protected EgressTemplate(string name, uint kernelValue, string kernelProgram, string text)
        : base(name, kernelValue) => (KernelProgram, Text) = (kernelProgram, text);

    /// <summary>Counts frames and lets them leave.</summary>
    public static EgressTemplate Count { get; } = new CountTemplate();

    /// <summary>Drops every frame.</summary>
    public static EgressTemplate Drop { get; } = new DropTemplate();

    /// <summary>Sets the Ethernet addresses.</summary>
    public static EgressTemplate RewriteMac { get; } = new RewriteMacTemplate();

    /// <summary>Pushes an 802.1Q tag.</summary>
    public static EgressTemplate PushVlan { get; } = new PushVlanTemplate();

    /// <summary>Removes the outer 802.1Q or 802.1ad tag.</summary>
    public static EgressTemplate PopVlan { get; } = new PopVlanTemplate();

    /// <summary>All templates.</summary>
    public static OpenSet<EgressTemplate> Set { get; } = new("an egress template", Count, Drop, RewriteMac, PushVlan, PopVlan);

    /// <summary>The program in <c>bpf/egress.bpf.c</c>.</summary>
    public string KernelProgram { get; }

    /// <summary>The action of the template, in sentences.</summary>
    public string Text { get; }

    /// <summary>The parameters that the template takes.</summary>
    public virtual ParameterRules Parameters => ParameterRules.None;

    /// <summary>Whether no frame leaves.</summary>
    public virtual bool DropsAll => false;

    /// <summary>Whether a frame leaves with one more VLAN tag.</summary>
    public virtual bool AddsTag => false;

    /// <summary>Whether the template adds or removes VLAN tags: it must see those that a frame has.</summary>
    public virtual bool HandlesTags => AddsTag;

    /// <summary>Whether the template changes Ethernet headers.</summary>
    public virtual bool ChangesHeader => false;

    /// <summary>Returns the frame that leaves, as <c>bpf/egress.bpf.c</c> makes it; null if none leaves.</summary>
    /// <param name="parameters">The parameters of the program.</param>
    /// <param name="frame">The frame, from a whole Ethernet header on.</param>
    public abstract byte[]? Run(EgressProgramParameters parameters, ReadOnlySpan<byte> frame);
}
